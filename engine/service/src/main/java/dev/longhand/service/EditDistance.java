package dev.longhand.service;

/** How many typing errors apart two names are. */
public final class EditDistance {
    private EditDistance() {}

    /**
     * Returns the least number of letters to insert, delete or replace that turns one name into the
     * other. Two neighbours that changed places are one error (optimal string alignment).
     */
    public static int between(String given, String name) {
        int[][] least = new int[given.length() + 1][name.length() + 1];
        for (int i = 0; i <= given.length(); i++) {
            for (int j = 0; j <= name.length(); j++) {
                least[i][j] = i == 0 || j == 0 ? i + j : least(given, name, least, i, j);
            }
        }
        return least[given.length()][name.length()];
    }

    private static int least(String given, String name, int[][] least, int i, int j) {
        boolean equal = given.charAt(i - 1) == name.charAt(j - 1);
        int replaced = least[i - 1][j - 1] + (equal ? 0 : 1);
        int errors = Math.min(replaced, 1 + Math.min(least[i - 1][j], least[i][j - 1]));
        boolean swapped =
                i > 1
                        && j > 1
                        && given.charAt(i - 1) == name.charAt(j - 2)
                        && given.charAt(i - 2) == name.charAt(j - 1);
        return swapped ? Math.min(errors, least[i - 2][j - 2] + 1) : errors;
    }
}
