"""Questions of lesson 05 that are answered by a letter."""

from autograder.question import Choice

stopping_step = Choice(
    "stopping_step",
    "Predict: where it stops",
    {
        "a": "15 + 12 is 27, but nobody looks at step 27: it only stops at an evaluation. Which is "
        "the first with step - 15 ≥ 12?",
        "b": "Step 25 ties with step 15, and a tie is not better. 25 - 15 = 10 is still less than "
        "12; at the next evaluation, 30 - 15 = 15 is not.",
        "c": "At step 25 the error is as low as at step 15, not lower: a tie does not count as "
        "better, so the wait goes on from 15.",
        "d": "That is 12 evaluations after step 15. stop_wait counts training steps.",
    },
    "b",
)

equivalent_lambda = Choice(
    "equivalent_lambda",
    "Derive: the λ of a stopping time",
    {
        "a": "λw² = ½·a·w² for every w only if the factors agree, and one of them has a ½.",
        "b": "λw² = ½·a·w² for every w means λ = a/2. (In lesson 2's ridge J has no ½ either: "
        "h = 2d², and h/(h + a) = d²/(d² + λ).)",
        "c": "The ½ went the wrong way. Set λw² = ½·a·w² and divide by w².",
        "d": "Both ways multiply w* by one factor, h/(h + a) and h/(h + 2λ), whatever w* is. It is "
        "h that the factor depends on.",
    },
    "b",
)

rule_of_thumb = Choice(
    "rule_of_thumb",
    "Predict: where the rule of thumb fails",
    {
        "a": "More steps make it worse: q = (1 - αh)^τ falls exponentially, and so does a, but "
        "1/(ατ) falls like 1/τ.",
        "b": "There q = (1 - αh)^τ is nearly 0, so the exact a is nearly 0, far below 1/(ατ).",
        "c": "There q = (1 - αh)^τ ≈ 1 - ατh, so h/(h + a) ≈ ατh and a ≈ 1/(ατ). As ατh grows, a "
        "falls below the rule.",
        "d": "A small αh gives q ≈ exp(-ατh). That is near 1 - ατh only if ατh is small, too.",
    },
    "c",
)

QUESTIONS = (stopping_step, equivalent_lambda, rule_of_thumb)
