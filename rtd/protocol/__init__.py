"""What travels on the control socket: frames, and the one declaration of every verb."""
