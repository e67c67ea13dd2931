// One line of the table: what was measured, beside its budget, its aim and the peers.

export interface Measure {
  readonly what: string;
  readonly measured: string;
  readonly budget?: string;
  readonly aim?: string;
  readonly peers?: string;
}

const WIDTHS = [46, 34, 12, 9];

function line(cells: readonly string[]): string {
  return `${cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('  ')}`.trimEnd();
}

export function heading(name: string): void {
  process.stdout.write(`\n${line([name, 'measured', 'budget', 'aim', 'peers'])}\n${'-'.repeat(140)}\n`);
}

export function print({ what, measured, budget = '', aim = '', peers = '' }: Measure): void {
  process.stdout.write(`${line([what, measured, budget, aim, peers])}\n`);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

/** Median and worst of what a person waits for. */
export function milliseconds(values: readonly number[]): string {
  return `${quantile(values, 0.5).toFixed(0)} ms (best ${Math.min(...values).toFixed(0)}, worst ${Math.max(...values).toFixed(0)})`;
}
