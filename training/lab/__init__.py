"""The lab: every table and figure of the selling-point paper, run again and judged."""
