"""Pictures, clips and sound in; one finished video out."""
