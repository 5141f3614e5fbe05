"""Taking a source or a document out of everything made from it: reach → take out → rebuild → purge → proof."""
