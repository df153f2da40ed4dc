"""The tables and pictures of README.md and docs/, a file per group of pages."""
