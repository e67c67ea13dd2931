// Title, content, status and hints in the same rows on every screen; the content is panes, or one full-width screen.
import { Box } from 'ink';
import { layoutOf } from '../../app/selectors.ts';
import { screenLayer } from '../../app/state.ts';
import { useApp, useRows } from '../hooks.ts';
import { firstRunRows } from '../parts/first-run-rows.ts';
import { ruleRow, statusRow, titleRow } from '../parts/frame-rows.ts';
import { hintRow } from '../parts/hint-row.ts';
import { Rows } from '../parts/Rows.tsx';
import { screenRows } from '../parts/screen-rows.ts';
import { Panes } from './Panes.tsx';

const FULL: readonly string[] = [
  'accounts',
  'log',
  'help',
  'parts',
  'links',
  'link',
  'outbox',
  'queue',
  'preview',
  'storage',
];

const titleRows: Parameters<typeof useRows>[0] = (view, theme) => {
  const title = titleRow(view, theme);
  return layoutOf(view.state).ruled ? [title, ruleRow(view, theme)] : [title];
};

const footRows: Parameters<typeof useRows>[0] = (view, theme) => [
  statusRow(view, theme),
  hintRow(view, theme),
];

export function Frame() {
  const columns = useApp(state => state.size.columns);
  const title = useRows(titleRows) ?? [];
  const foot = useRows(footRows) ?? [];
  const kind = useApp(state => {
    const { t } = screenLayer(state);
    if (t === 'first-run') return 'first-run';
    return FULL.includes(t) ? 'full' : 'panes';
  });
  return (
    <Box flexDirection="column" width={columns} flexShrink={0}>
      <Rows rows={title} columns={columns} />
      {kind === 'panes' ? <Panes /> : <Full first={kind === 'first-run'} />}
      <Rows rows={foot} columns={columns} />
    </Box>
  );
}

function Full({ first }: { readonly first: boolean }) {
  const columns = useApp(state => state.size.columns);
  const rows = useRows(first ? firstRunRows : screenRows);
  return <Rows rows={rows ?? []} columns={columns} />;
}
