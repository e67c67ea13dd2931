// Placeholder until commands exist: nothing is generated yet.
