package dev.longhand.study.answer;

/** Removes characters of a set from the ends of a text. */
final class CharacterSets {
    private CharacterSets() {}

    static String strip(String text, String characters) {
        int start = 0;
        while (start < text.length() && characters.indexOf(text.charAt(start)) >= 0) {
            start++;
        }
        return stripEnd(text.substring(start), characters);
    }

    static String stripEnd(String text, String characters) {
        int end = text.length();
        while (end > 0 && characters.indexOf(text.charAt(end - 1)) >= 0) {
            end--;
        }
        return text.substring(0, end);
    }
}
