"""Side-by-side measurements: `crmbot bench …`. Nothing here runs in production."""
