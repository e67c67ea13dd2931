// What floats: it covers a part of the screen and never makes it narrower.
import { Box } from 'ink';
import { drawerRect } from '../../app/layout.ts';
import { layoutOf } from '../../app/selectors.ts';
import { topLayer } from '../../app/state.ts';
import { useApp, useRows } from '../hooks.ts';
import { folderPaneRows } from '../parts/folder-rows.ts';
import { overlayRows } from '../parts/overlay-rows.ts';
import { Rows } from '../parts/Rows.tsx';

export function Overlays() {
  const drawer = useApp(state => topLayer(state).t === 'drawer' && layoutOf(state).sidebar === null);
  return (
    <>
      {drawer ? <Drawer /> : null}
      <Floating />
    </>
  );
}

function Drawer() {
  const layout = useApp(layoutOf);
  const rows = useRows(folderPaneRows);
  const rect = drawerRect(layout);
  if (!rows) return null;
  return (
    <Box position="absolute" marginTop={rect.row} marginLeft={rect.column}>
      <Rows rows={rows} columns={rect.columns} />
    </Box>
  );
}

function Floating() {
  const rows = useRows((view, theme) => {
    const overlay = overlayRows(view, theme);
    // The place travels with the rows, so that both change together.
    return overlay && [`${overlay.rect.row} ${overlay.rect.column} ${overlay.rect.columns}`, ...overlay.rows];
  });
  if (!rows) return null;
  const [row = 0, column = 0, columns = 0] = (rows[0] ?? '').split(' ').map(Number);
  return (
    <Box position="absolute" marginTop={row} marginLeft={column}>
      <Rows rows={rows.slice(1)} columns={columns} />
    </Box>
  );
}
