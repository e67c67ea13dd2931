// tmail: composition root.
process.stdout.write('tmail\n');
