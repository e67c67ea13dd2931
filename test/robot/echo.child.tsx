// The echo program on the process's own terminal, ended and crashed as tmail is. Argument: the folder for crash reports.
import { writeCrashReport } from '../../src/ui/crash.ts';
import { createScreenTerminal, startScreen } from '../../src/ui/start.tsx';
import { processTerminal } from '../../src/ui/tty.ts';
import { createEcho, Echo } from './echo.tsx';

const terminal = createScreenTerminal(processTerminal(), process.env);
const app = createEcho(terminal);
try {
  process.exit(await startScreen({ app, element: <Echo state={app.state} />, terminal }));
} catch (error) {
  const file = writeCrashReport(process.argv[2] ?? '.', error, new Date());
  process.stderr.write(`crashed: ${file}\n`);
  process.exit(1);
}
