/** The plot of a group. */
