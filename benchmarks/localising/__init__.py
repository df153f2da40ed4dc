"""What localisation is measured on and against: scenes whose object is known, and Grad-CAM."""
