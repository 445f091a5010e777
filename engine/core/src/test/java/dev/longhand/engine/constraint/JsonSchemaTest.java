package dev.longhand.engine.constraint;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.generation.AnswerFormat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

class JsonSchemaTest {
    /** A schema, texts that it describes, and texts that it does not. */
    private record Case(String schema, List<String> accepted, List<String> rejected) {}

    private static Case of(String schema, List<String> accepted, List<String> rejected) {
        return new Case(schema.replace('\'', '"'), quoted(accepted), quoted(rejected));
    }

    private static List<String> quoted(List<String> texts) {
        return texts.stream().map(text -> text.replace('\'', '"')).toList();
    }

    private static final List<Case> VALUES =
            List.of(
                    of("true", List.of("1", "'a'", "[1, {'a': null}]"), List.of("", "a", "[1,]")),
                    of("{'type':'null'}", List.of("null"), List.of("nul", "0", "nulll")),
                    of("{'type':'boolean'}", List.of("true", "false"), List.of("0", "'true'")),
                    of(
                            "{'type':'integer'}",
                            List.of("0", "-7", "123456789012345678"),
                            List.of("01", "1.5", "1e3", "-", "1234567890123456789")),
                    of(
                            "{'type':'integer','minimum':-5,'exclusiveMaximum':120}",
                            List.of("-5", "-1", "0", "9", "10", "99", "100", "119"),
                            List.of("-6", "-10", "120", "1000", "-0", "007")),
                    of(
                            "{'type':'integer','minimum':98765}",
                            List.of("98765", "98766", "99999", "100000", "987650"),
                            List.of("98764", "9876", "0", "-98765")),
                    of(
                            "{'type':'number'}",
                            List.of("0", "-0.5", "1e9", "12.25E-3"),
                            List.of(".5", "1.", "1e", "1e400", "NaN")),
                    of(
                            "{'type':'number','minimum':0,'maximum':1}",
                            List.of("0", "0.0", "0.999", "1", "1.0"),
                            List.of("1.01", "-0.1", "2", "1e0")),
                    of(
                            "{'type':'number','exclusiveMinimum':0,'exclusiveMaximum':10}",
                            List.of("0.001", "9.999", "5"),
                            List.of("0", "0.0", "10", "10.0", "-1")),
                    of(
                            "{'type':'number','minimum':-2,'exclusiveMaximum':0}",
                            List.of("-2", "-2.0", "-1.5", "-0.25"),
                            List.of("-2.1", "0", "-0", "-0.0")),
                    of(
                            "{'type':'string'}",
                            List.of("''", "'a b'", "'\\n\\u00e9'", "'é😀'", "'\\ud83d\\ude00'"),
                            List.of("'", "'\n'", "'\\x'", "'\\ud83d'", "'\\ud83dx'", "a")),
                    of(
                            "{'type':'string','minLength':2,'maxLength':3}",
                            List.of("'ab'", "'abc'", "'é😀'", "'\\n\\u0041'", "'\\ud83d\\ude00x'"),
                            List.of("'a'", "'abcd'", "''", "'\\ud83d\\ude00'")),
                    of(
                            "{'type':'string','minLength':1}",
                            List.of("'a'", "'abcdefg'"),
                            List.of("''")),
                    of(
                            "{'type':'string','pattern':'^[A-Z]{2}-\\\\d+$'}",
                            List.of("'AB-1'", "'XY-123'"), List.of("'A-1'", "'AB-'", "'AB-1 '")),
                    of(
                            "{'type':'string','pattern':'b+'}",
                            List.of("'b'", "'abbc'", "'\\nb'"),
                            List.of("''", "'a'")),
                    of(
                            "{'type':'string','pattern':'^[^a]$'}",
                            List.of("'b'", "'\\''".replace("\\'", "\\\""), "'\\\\'", "'\\t'"),
                            List.of("'a'", "'bb'")),
                    of(
                            "{'type':'string','format':'date'}",
                            List.of("'2026-11-29'", "'2024-02-28'", "'0001-01-01'"),
                            List.of("'2026-02-30'", "'2026-1-1'", "'0000-01-01'")),
                    of(
                            "{'type':'string','format':'nanoid','pattern':'^[a-z]{2,3}$'}",
                            List.of("'ab'", "'abc'"),
                            List.of("'a'", "'abcd'")),
                    of(
                            "{'type':'string','pattern':'^(ab|c)+?d?$','minLength':1}",
                            List.of("'c'", "'abcd'"),
                            List.of("''", "'d'")),
                    of(
                            "{'type':'string','format':'uri','minLength':1,'maxLength':2083,"
                                    + "'contentMediaType':'text/plain'}",
                            List.of("'http://a.b/c'"),
                            List.of("''", "'a'")),
                    of(
                            "{'type':'string','pattern':'^(?:ab|cd)$'}",
                            List.of("'ab'", "'cd'"),
                            List.of("'abx'", "'xcd'")),
                    of(
                            "{'type':'string','pattern':'^$|^a|b$'}",
                            List.of("''", "'ax'", "'xb'"),
                            List.of("'x'", "'bx'")),
                    of(
                            "{'type':'string','format':'date-time'}",
                            List.of("'2026-11-29T10:00:00Z'", "'2026-11-29T10:00:00.5+14:00'"),
                            List.of("'2026-11-29T25:00:00Z'", "'2026-11-29T10:00:00+14:01'")),
                    of(
                            "{'type':'string','format':'ipv4'}",
                            List.of("'127.0.0.1'", "'255.255.255.255'"),
                            List.of("'256.0.0.1'", "'1.2.3'")),
                    of(
                            "{'enum':['a','ab',1,null]}",
                            List.of("'a'", "'ab'", "1", "null"),
                            List.of("'b'", "2")),
                    of("{'type':'string','enum':['a',1]}", List.of("'a'"), List.of("1")),
                    of(
                            "{'const':{'a':[1,'é']}}",
                            List.of("{'a':[1,'é']}"),
                            List.of("{'a': [1,'é']}")),
                    of("{'type':['string','null']}", List.of("null", "'x'"), List.of("1")),
                    of(
                            "{'anyOf':[{'type':'integer'},{'type':'boolean'}]}",
                            List.of("1", "true"),
                            List.of("'1'")));

    private static final List<Case> CONTAINERS =
            List.of(
                    of(
                            "{'type':'object','propertyNames':{'type':'string'},"
                                    + "'additionalProperties':{'type':'integer'}}",
                            List.of("{}", "{'a':1,'b':2}"),
                            List.of("{'a':'x'}")),
                    of("{'type':'array'}", List.of("[]", "[1,2]", "[ ]"), List.of("[1 2]", "{}")),
                    of(
                            "{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':3}",
                            List.of("[1]", "[1, 2]", "[1,2,3]", "[\n  1,\n  2\n]"),
                            List.of("[]", "[1,2,3,4]", "['a']", "[1,]")),
                    of(
                            "{'type':'array','items':{'type':'integer'},'minItems':2}",
                            List.of("[1,2]", "[1,2,3,4]"),
                            List.of("[]", "[1]")),
                    of(
                            "{'type':'array','prefixItems':[{'type':'integer'},{'type':'string'}],"
                                    + "'items':false}",
                            List.of("[1,'a']", "[1]", "[]"),
                            List.of("['a']", "[1,'a',2]")),
                    of(
                            "{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'},"
                                + "'c':{}},'required':['b']}",
                            List.of(
                                    "{'b':''}",
                                    "{'a':1,'b':'x'}",
                                    "{'b':'x', 'c':[]}",
                                    "{ 'a': 1, 'b': 'x', 'c': 2 }"),
                            List.of(
                                    "{}",
                                    "{'a':1}",
                                    "{'b':'x','a':1}",
                                    "{'b':'x',}",
                                    "{'d':1,'b':''}")),
                    of(
                            "{'type':'object','properties':{'a':{},'b':{}}}",
                            List.of("{}", "{'a':1}", "{'b':1}", "{'a':1,'b':2}"),
                            List.of("{,}", "{'a':1,}", "{'a':1,'a':2}")),
                    of(
                            "{'type':'object','properties':{'ab':{'type':'integer'}},"
                                    + "'additionalProperties':{'type':'boolean'}}",
                            List.of(
                                    "{'ab':1,'a':true}",
                                    "{'abc':true}",
                                    "{'b':false,'':true}",
                                    "{}"),
                            List.of("{'ab':true}", "{'\\u0061b':true}", "{'a':1}")),
                    of(
                            "{'type':'object','additionalProperties':{'type':'integer'}}",
                            List.of("{}", "{'x':1,'y':2}"),
                            List.of("{'x':'1'}")),
                    of("{'type':'object'}", List.of("{}", "{'a':{'b':[]}}"), List.of("[]")),
                    of(
                            "{'$defs':{'n':{'type':'object','properties':{'v':{'type':'integer'},"
                                    + "'next':{'anyOf':[{'type':'null'},{'$ref':'#/$defs/n'}]}},"
                                    + "'required':['v','next'],'additionalProperties':false}},"
                                    + "'$ref':'#/$defs/n'}",
                            List.of("{'v':1,'next':null}", "{'v':1,'next':{'v':2,'next':null}}"),
                            List.of("{'v':1}", "{'v':1,'next':{}}")),
                    of(
                            "{'type':'object','properties':{'c':{'type':'array','items':{'$ref':'#'}}}}",
                            List.of("{}", "{'c':[{},{'c':[]}]}"),
                            List.of("{'c':[1]}")),
                    of(
                            "{'allOf':[{'type':'object','properties':{'a':{'type':'integer'}},"
                                    + "'required':['a']},"
                                    + "{'properties':{'b':{'type':'integer'}},'required':['b']}]}",
                            List.of("{'a':1,'b':2}"),
                            List.of("{'a':1}", "{'b':2}")),
                    of(
                            "{'oneOf':[{'type':'object','properties':{'k':{'const':'x'}},'required':['k']},"
                                + "{'type':'object','properties':{'k':{'const':'y'},'z':{}},"
                                + "'required':['k']}]}",
                            List.of("{'k':'x'}", "{'k':'y','z':1}"),
                            List.of("{'k':'z'}", "{'k':'x','z':1}")),
                    of(
                            "{'type':'object','properties':{'a':{}},'anyOf':[{'required':['a']},"
                                    + "{'required':['b']}]}",
                            List.of("{'a':1}", "{'b':1}", "{'a':1,'b':1}"),
                            List.of("{}")));

    @Test
    void textsOfValues() {
        check(VALUES);
    }

    @Test
    void textsOfObjectsAndArrays() {
        check(CONTAINERS);
    }

    private static void check(List<Case> cases) {
        List<Executable> checks = new ArrayList<>();
        for (Case each : cases) {
            FormatText text = FormatText.schema(each.schema);
            for (String accepted : each.accepted) {
                checks.add(() -> assertTrue(text.accepts(accepted), each.schema + ": " + accepted));
            }
            for (String rejected : each.rejected) {
                checks.add(
                        () -> assertTrue(!text.accepts(rejected), each.schema + " !: " + rejected));
            }
        }
        assertAll(checks);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'not':{}} | schema: not is not supported",
                "{'if':{}} | schema: if is not supported",
                "{'properties':{'a':{'not':{}}}} | schema.a: not is not supported",
                "{'type':'array','uniqueItems':true} | schema: uniqueItems is not supported",
                "{'type':'number','multipleOf':0.1} | schema: multipleOf is not supported",
                "{'type':'string','pattern':'^a+$','maxLength':9} | schema: pattern or format does"
                        + " not imply minLength and maxLength",
                "{'type':'string','pattern':'^a{2}$','minLength':3} | schema: pattern or format"
                        + " does not imply minLength and maxLength",
                "{'propertyNames':{'maxLength':3}} | schema: propertyNames is not supported",
                "{'patternProperties':{}} | schema: patternProperties is not supported",
                "{'$ref':'http://x/y'} | schema: $ref to another document is not supported",
                "{'$ref':'#/x'} | schema: $ref points to nothing: #/x",
                "{'$ref':'#'} | #: $ref refers to itself",
                "{'$defs':{'a':{'anyOf':[{'$ref':'#/$defs/a'}]}},'$ref':'#/$defs/a'}"
                        + " | #/$defs/a.anyOf[0]: $ref refers to itself",
                "{'type':'thing'} | schema: type must be one of [object, array, string, number,"
                        + " integer, boolean, null]",
                "{'type':'string','format':'iri'} | schema: format iri is not supported",
                "{'type':'string','pattern':'(?=a)'} | schema: pattern: at character 3: only groups"
                        + " (…) and (?:…) are supported",
                "{'type':'string','pattern':'\\\\b'} | schema: pattern: at character 3: \\b is not"
                        + " supported",
                "{'type':'number','minimum':0.5} | schema: the bounds of numbers must be whole, not"
                        + " 0.5",
                "{'type':'integer','minimum':3,'maximum':2} | schema: no number is within the"
                        + " bounds",
                "{'oneOf':[{'type':'integer'},{'type':'number'}]} | schema: oneOf: a value may"
                        + " satisfy both 0 and 1; use anyOf",
                "{'type':'object','additionalProperties':false,'required':['a']}"
                        + " | schema: additionalProperties forbids a, which is required",
                "false | schema: no value is allowed",
                "{'enum':[]} | schema: enum must be a list that is not empty",
                "7 | schema: a schema must be an object or a truth value",
                "{'type':'string','maxLength':40000} | schema: maxLength is larger than 32768",
            })
    void refusalsNameTheKeyword(String schema, String message) {
        AnswerFormatException refusal =
                assertThrows(
                        AnswerFormatException.class,
                        () -> FormatText.schema(schema.replace('\'', '"')));
        assertEquals(message, refusal.getMessage());
    }

    @Test
    void textThatIsNoJsonIsRefused() {
        assertThrows(AnswerFormatException.class, () -> FormatText.schema("{"));
    }

    @Test
    void nestingIsLimitedAndNeverADeadEnd() {
        FormatText any = new FormatText(AnswerFormat.jsonObject());
        String deep = "{\"a\":" + "[".repeat(AutomatonStates.DEPTH_MAX);
        assertTrue(any.after(deep).dead());
        int nested = 0;
        while (!any.after("{\"a\":" + "[".repeat(nested + 1)).dead()) {
            nested++;
        }
        assertTrue(nested > 64, "nested " + nested);
        assertTrue(any.accepts("{\"a\":" + "[".repeat(nested) + "1" + "]".repeat(nested) + "}"));
        FormatText list =
                FormatText.schema(
                        """
                        {"$defs":{"n":{"anyOf":[{"type":"null"},{"type":"object","properties":
                        {"n":{"$ref":"#/$defs/n"}},"required":["n"]}]}},"$ref":"#/$defs/n"}\
                        """);
        int objects = 0;
        while (!list.after("{\"n\":".repeat(objects + 1)).dead()) {
            objects++;
        }
        assertTrue(list.accepts("{\"n\":".repeat(objects) + "null" + "}".repeat(objects)));
    }

    @Test
    void hostileSchemasAreRefusedSoon() {
        List<String> schemas =
                List.of(
                        "{\"type\":\"string\",\"pattern\":\"((a{99}){99}){99}\"}",
                        "{\"type\":\"string\",\"pattern\":\"((){9999}){9999}\"}",
                        "{\"type\":\"string\",\"maxLength\":9,\"pattern\":\""
                                + "(a+".repeat(60)
                                + "){9999}".repeat(60)
                                + "\"}",
                        "{\"type\":\"array\",\"minItems\":30000,\"items\":{\"type\":\"array\","
                                + "\"minItems\":30000}}",
                        "{\"enum\":[\"" + "x".repeat(100_000) + "\"]}",
                        "{\"type\":\"array\",\"items\":".repeat(100) + "{}" + "}".repeat(100));
        for (String schema : schemas) {
            assertTimeoutPreemptively(
                    Duration.ofSeconds(20),
                    () ->
                            assertThrows(
                                    AnswerFormatException.class,
                                    () -> FormatText.schema(schema),
                                    schema.substring(0, 40)));
        }
    }

    @Test
    void referencesThatDoubleAtEachStepAreRefusedSoon() {
        StringBuilder definitions = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            String next = i == 59 ? "z" : "a" + (i + 1);
            definitions.append(
                    "\"a%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/%s\"},{\"$ref\":\"#/$defs/%s\"}]},"
                            .formatted(i, next, next));
        }
        String schema =
                "{\"$defs\":{%s\"z\":{\"const\":1}},\"$ref\":\"#/$defs/a0\"}"
                        .formatted(definitions);
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () ->
                        assertThrows(
                                AnswerFormatException.class,
                                () -> FormatText.schema(schema).accepts("2")));
    }
}
