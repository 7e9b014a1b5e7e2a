"""The allocator: what a platform answers to spend, learnt from the days of many platforms."""
