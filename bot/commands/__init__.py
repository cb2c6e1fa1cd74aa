"""Groups of ``crmbot``'s commands, and how all commands report. What they do is other modules' business."""
