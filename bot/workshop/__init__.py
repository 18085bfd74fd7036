"""Where drafts are tried, measured and published: a process beside the desk, which needs neither encoder nor index."""
