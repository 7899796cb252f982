"""What the commands of rtctl share: flags, output, exit codes, requests."""
