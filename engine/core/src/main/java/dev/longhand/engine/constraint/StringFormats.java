package dev.longhand.engine.constraint;

import java.util.Map;

/**
 * Regular expressions for the values of JSON Schema's {@code format}. Each describes a part of the
 * format that holds the usual spellings: for example, dates have no 29th of February, since the
 * year decides about it. Years begin at 1, as Python's do, and offsets end at 14 hours, the largest
 * in use, as clients cannot read others.
 */
final class StringFormats {
    private static final String DAY =
            "((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)"
                    + "|02-(0[1-9]|1\\d|2[0-8]))";
    private static final String YEAR = "(000[1-9]|00[1-9]\\d|0[1-9]\\d{2}|[1-9]\\d{3})";
    private static final String DATE = YEAR + "-" + DAY;
    private static final String OFFSET = "(Z|[+-]((0\\d|1[0-3]):[0-5]\\d|14:00))";
    private static final String TIME = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?" + OFFSET;
    private static final String BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?";
    private static final String HOST = LABEL + "(\\." + LABEL + "){0,5}";

    /** Formats by name. */
    static final Map<String, String> EXPRESSIONS =
            Map.ofEntries(
                    Map.entry("date", DATE),
                    Map.entry("time", TIME),
                    Map.entry("date-time", DATE + "T" + TIME),
                    Map.entry(
                            "duration",
                            "P(\\d{1,4}W|\\d{1,4}D(T\\d{1,4}H)?|T\\d{1,4}[HMS]"
                                    + "|\\d{1,4}Y(\\d{1,4}M)?|\\d{1,4}M)"),
                    Map.entry("ipv4", BYTE + "(\\." + BYTE + "){3}"),
                    Map.entry("ipv6", "([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"),
                    Map.entry(
                            "uuid",
                            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}"
                                    + "-[0-9a-fA-F]{12}"),
                    Map.entry("hostname", HOST),
                    Map.entry(
                            "email", "[a-zA-Z0-9_+-]{1,32}(\\.[a-zA-Z0-9_+-]{1,32}){0,3}@" + HOST),
                    Map.entry(
                            "uri",
                            "[a-z]{1,12}://"
                                    + HOST
                                    + "(:[1-9]\\d{0,3})?(/[a-zA-Z0-9._~-]{0,64}){0,16}"
                                    + "(\\?[a-zA-Z0-9._~=&-]{0,256})?(#[a-zA-Z0-9._~-]{0,64})?"));

    private StringFormats() {}
}
