package dev.longhand.study.answer;

/**
 * The normal form of the original MATH benchmark (Hendrycks et al. 2021), where equal means equal
 * strings.
 */
final class HendrycksForm {
    private static final String UNIT = "\\text{ ";

    private HendrycksForm() {}

    static String of(String answer) {
        String text =
                answer.replace("\n", "")
                        .replace("\\!", "")
                        .replace("\\\\", "\\")
                        .replace("tfrac", "frac")
                        .replace("dfrac", "frac")
                        .replace("\\left", "")
                        .replace("\\right", "")
                        .replace("^{\\circ}", "")
                        .replace("^\\circ", "")
                        .replace("\\$", "");
        int unit = text.indexOf(UNIT);
        text = unit < 0 ? text : text.substring(0, unit);
        text = text.replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.");
        if (text.isEmpty()) {
            return text;
        }
        text = text.startsWith(".") ? "0" + text : text;
        int sign = text.indexOf('=');
        if (sign >= 0 && sign <= 2 && text.indexOf('=', sign + 1) < 0) {
            text = text.substring(sign + 1);
        }
        text = LatexRepairs.rootsOfOne(text).replace(" ", "");
        text = LatexRepairs.fractions(text);
        text = text.equals("0.5") ? "\\frac{1}{2}" : text;
        return LatexRepairs.integerQuotient(text);
    }
}
