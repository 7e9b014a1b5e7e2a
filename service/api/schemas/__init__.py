"""What goes over the wire: pydantic models, frozen, strict and bounded."""
