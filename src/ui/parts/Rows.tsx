// Rows on the screen: one Text each, drawn again only when it differs.
import { Box, Text } from 'ink';
import { memo } from 'react';

const Row = memo(function Row({ text }: { readonly text: string }) {
  return <Text wrap="truncate">{text}</Text>;
});

/** Each row is exactly `columns` cells wide already; the box only says where they stand. */
export function Rows({ rows, columns }: { readonly rows: readonly string[]; readonly columns: number }) {
  return (
    <Box flexDirection="column" width={columns} flexShrink={0}>
      {rows.map((text, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is a place on the screen, whatever stands in it
        <Row key={i} text={text} />
      ))}
    </Box>
  );
}
