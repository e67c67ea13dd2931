// Folders, list and message side by side, above each other, or one at a time.
import { Box } from 'ink';
import { layoutOf } from '../../app/selectors.ts';
import { hasLayer } from '../../app/state.ts';
import { useApp, useRows } from '../hooks.ts';
import { composeRows } from '../parts/compose-rows.ts';
import { folderPaneRows } from '../parts/folder-rows.ts';
import { horizontalRule, withBorder } from '../parts/frame-rows.ts';
import { listRows } from '../parts/list-rows.ts';
import { Rows } from '../parts/Rows.tsx';
import { readerRows } from '../parts/reader-rows.ts';

type Produce = Parameters<typeof useRows>[0];

const sidebarRows: Produce = (view, theme) => withBorder(folderPaneRows(view, theme), theme);
const borderedList: Produce = (view, theme) => withBorder(listRows(view, theme), theme);
const ruleRows: Produce = (view, theme) => [horizontalRule(layoutOf(view.state).list.columns, theme)];

export function Panes() {
  const layout = useApp(layoutOf);
  const writing = useApp(state => hasLayer(state, 'compose'));
  const reading = useApp(state => hasLayer(state, 'reader') || hasLayer(state, 'compose'));
  const rows = writing ? composeRows : readerRows;
  const { list, reader, sidebar, name, split } = layout;
  if (!sidebar && !split)
    return reading ? <Reader produce={rows} /> : <Pane produce={listRows} columns={list.columns} />;
  return (
    <Box width={layout.size.columns} flexShrink={0}>
      {sidebar ? <Pane produce={sidebarRows} columns={sidebar.columns + 1} /> : null}
      {name === 'three' ? (
        <>
          <Pane produce={borderedList} columns={list.columns + 1} />
          <Pane produce={rows} columns={reader.columns} />
        </>
      ) : split ? (
        <Box flexDirection="column" width={list.columns} flexShrink={0}>
          <Pane produce={listRows} columns={list.columns} />
          <Pane produce={ruleRows} columns={list.columns} />
          <Pane produce={rows} columns={reader.columns} />
        </Box>
      ) : reading ? (
        <Reader produce={rows} />
      ) : (
        <Pane produce={listRows} columns={list.columns} />
      )}
    </Box>
  );
}

/** The message, or the composer in its place. */
function Reader({ produce }: { readonly produce: Produce }) {
  const columns = useApp(state => layoutOf(state).reader.columns);
  return <Pane produce={produce} columns={columns} />;
}

function Pane({ produce, columns }: { readonly produce: Produce; readonly columns: number }) {
  const rows = useRows(produce);
  return rows ? <Rows rows={rows} columns={columns} /> : null;
}
