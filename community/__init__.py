"""The secretaries' side: cases, their workflow and clocks, residents' appeals, and who is told."""
