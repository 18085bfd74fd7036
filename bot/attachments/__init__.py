"""Files that customers and agents send each other: checked, cleaned, scanned, kept outside of the web root."""
