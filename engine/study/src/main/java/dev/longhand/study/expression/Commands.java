package dev.longhand.study.expression;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The names of commands in LaTeX. */
final class Commands {
    /** Greek letters, which are variables. */
    static final Set<String> GREEK =
            Set.of(
                    ("alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu"
                         + " nu xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta"
                         + " Lambda Xi Sigma Phi Psi Omega ell")
                            .split(" "));

    /** Signs and structures, which are no variables for SymPy's parser either. */
    static final Set<String> SIGNS =
            Set.of(
                    ("times cdot div frac dfrac tfrac binom dbinom tbinom sqrt overline mathit"
                         + " lfloor rfloor lceil rceil langle rangle le leq leqq leqslant ge geq"
                         + " geqq geqslant neq to rightarrow Rightarrow longrightarrow"
                         + " Longrightarrow lim int sum prod")
                            .split(" "));

    private static final Stream<String> OTHERS =
            Stream.of(
                    "pi", "ne", "lt", "gt", "infty", "pm", "mp", "lvert", "rvert", "vert", "cup",
                    "cap");

    /** All commands that outside the compatible dialect may run into letters after them. */
    static final Set<String> ALL =
            Stream.of(GREEK.stream(), SIGNS.stream(), Function.COMMANDS.keySet().stream(), OTHERS)
                    .flatMap(each -> each)
                    .collect(Collectors.toUnmodifiableSet());

    private Commands() {}
}
