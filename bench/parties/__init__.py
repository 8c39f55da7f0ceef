"""The servers that are measured: ours and two that we did not write, each behind the same few functions."""
