// The demo's SMTP server on 127.0.0.1: takes every message from its one user; what is addressed to that user's
// demo address is delivered, the rest is accepted and forgotten. Nothing leaves this computer.
import { once } from 'node:events';

/** Larger messages are refused with 552. */
const MAX_BYTES = 40 * 1024 * 1024;

export interface SmtpServerOptions {
  readonly user: string;
  readonly password: string;
  /** Called for each accepted message, with its envelope. */
  readonly received: (raw: Buffer, recipients: readonly string[]) => void;
}

export interface DemoSmtpServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startSmtpServer(options: SmtpServerOptions): Promise<DemoSmtpServer> {
  const { SMTPServer } = await import('smtp-server');
  const server = new SMTPServer({
    name: 'demo.example',
    banner: 'tmail demo',
    logger: false,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    authMethods: ['PLAIN', 'LOGIN'],
    disableReverseLookup: true,
    size: MAX_BYTES,
    closeTimeout: 50,
    onAuth(auth, _session, callback) {
      const ok = auth.username === options.user && auth.password === options.password;
      if (ok) callback(null, { user: options.user });
      else callback(Object.assign(new Error('Invalid user or password'), { responseCode: 535 }));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk);
        else chunks.length = 0;
      });
      stream.on('end', () => {
        if (stream.sizeExceeded)
          return callback(Object.assign(new Error('Too large'), { responseCode: 552 }));
        options.received(
          Buffer.concat(chunks),
          session.envelope.rcptTo.map(one => one.address),
        );
        callback();
      });
    },
  });
  server.on('error', () => undefined); // a client that drops the line is no error of ours
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    stop: () => new Promise(resolve => server.close(() => resolve())),
  };
}
