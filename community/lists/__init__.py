"""Lists of cases: filters, order, pages that neither repeat nor skip a row while others write."""
