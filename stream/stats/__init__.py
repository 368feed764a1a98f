"""Statistics: intervals, the quantile sketch. Pure."""
