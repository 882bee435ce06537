"""Questions of lesson 03 that are answered by a letter."""

from autograder.question import Choice

pixel_centers = Choice(
    "pixel_centers",
    "Predict: two rules for a larger picture",
    {
        "a": "Work out where output pixel 8 looks: at row 2 by one rule, at row 1.625 by the "
        "other. Both blend neighbors, but in different places.",
        "b": "Half a pixel is in the formula, but compare the two places: (i + ½)/4 - ½ is "
        "i/4 - 0.375. And that is in pixels of the small picture.",
        "c": "The input's row p lands on row 4p by one rule and, solving (i + ½)/4 - ½ = p, on "
        "4p + 1.5 by the other. For a factor s they are (s - 1)/2 pixels apart.",
        "d": "The size is right. At pixel i TensorFlow 1 looks farther down in the input, so what "
        "is there appears farther up in the output.",
    },
    "c",
)

glimpse_in_pixels = Choice(
    "glimpse_in_pixels",
    "Predict: a glimpse of pixels in TensorFlow 1",
    {
        "a": "The offset moves the window, not the digit. And follow the halving: by how much does "
        "the window move?",
        "b": "The direction is right: the window moves down, so the digit moves up in it. But if "
        "centered, TensorFlow 1 halves the offset, even one that counts pixels.",
        "c": "The window starts at 4/2 + 14 - 14 = 2, so row 2 of the image becomes row 0. Half "
        "the way, and in the other direction.",
        "d": "That is TensorFlow 2: there offset + H/2 = 18 is the corner of the window. "
        "TensorFlow 1 halves the offset and takes off half the window.",
    },
    "c",
)

kept_labels = Choice(
    "kept_labels",
    "Predict: which transformation keeps the label",
    {
        "a": "Turn a 6 by 180 degrees and read it. Small angles are fine; how far is far enough to "
        "matter?",
        "b": "Somebody could have taken the mirrored photograph: it is as likely to come up as the "
        "one you have, and it shows the same flower.",
        "c": "Mirror a b and read it: it is a d. So too for p and q.",
        "d": "The bicycle may be outside the part that is kept; then the label “yes” is wrong for "
        "that part.",
    },
    "b",
)

QUESTIONS = (pixel_centers, glimpse_in_pixels, kept_labels)
