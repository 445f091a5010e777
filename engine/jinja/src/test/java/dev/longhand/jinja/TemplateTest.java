package dev.longhand.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.jinja.TemplateException.Kind;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Parts of the language that generated templates lack, refusals and limits. */
class TemplateTest {
    private static String render(String template) {
        return render(template, Map.of());
    }

    private static String render(String template, Map<String, ?> variables) {
        return Template.compile(template).render(variables).text();
    }

    private static TemplateException failure(String template) {
        return assertThrows(TemplateException.class, () -> render(template));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '#',
            value = {
                "{{ 1e16 }} {{ 0.1 + 0.2 }} {{ 1e-5 }} # 1e+16 0.30000000000000004 1e-05",
                "{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 70 }} # -4 2 3.5"
                        + " 1180591620717411303424",
                "{{ [none, true, 'it\\'s', 1.0, {'a': (1,)}] }} # [None, True, \"it's\", 1.0, {'a':"
                        + " (1,)}]",
                "{{ 'a\\u00e9\\U0001f600b'[::-1] }} # b😀éa",
                "{{ '%5.2f|%-4d|%03d|%s' % (3.14159, 7, 5, none) }} # ` 3.14|7   |005|None`",
                "{{ '{} {0} {{}} {k}'.format(1, k=2) }} # 1 1 {} 2",
                "{{ dict(a=1, b=2)|items|map('first')|join('+') }} # a+b",
                "{% set j = joiner('|') %}{% for i in range(3) %}{{ j() }}{{ i }}{% endfor %} #"
                        + " 0|1|2",
                "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }} # aba",
                "{{ 1 if false }}|{{ x.y if x is defined else 'no' }} # |no",
                "{{ 'a' 'b' ~ 1 ~ none }} # ab1None",
                "{{ (1, 2) == (1, 2) }} {{ 1 < 2 < 3 }} {{ 2 in [1, 2.0] }} # True True True",
                "{{ {'a': [1, {}]}|tojson }} {{ [1, 'ä']|tojson(ensure_ascii=true) }}"
                        + " # {\"a\": [1, {}]} [1, \"\\u00e4\"]",
            })
    void valuesAreThoseOfPython(String template, String expected) {
        assertEquals(expected, render(template));
    }

    @Test
    void recursiveLoopsAndCallBlocks() {
        assertEquals(
                "1[2[3]]4",
                render(
                        "{% for n in tree recursive %}{{ n.v }}{% if n.c is defined %}"
                                + "[{{ loop(n.c) }}]{% endif %}{% endfor %}",
                        Map.of(
                                "tree",
                                List.of(
                                        Map.of(
                                                "v",
                                                1,
                                                "c",
                                                List.of(
                                                        Map.of(
                                                                "v",
                                                                2,
                                                                "c",
                                                                List.of(Map.of("v", 3))))),
                                        Map.of("v", 4)))));
        assertEquals(
                "<b:x!>",
                render(
                        "{% macro wrap(n) %}<{{ n }}:{{ caller('x') }}>{% endmacro %}"
                                + "{% call(y) wrap('b') %}{{ y }}!{% endcall %}"));
    }

    @Test
    void generationSpansAreThoseOfTheOutput() {
        Rendering rendering =
                Template.compile(
                                "u:a|{% generation %}b{{ 1 }}{% endgeneration %}|{% generation %}c"
                                        + "{% endgeneration %}")
                        .render(Map.of());
        assertEquals("u:a|b1|c", rendering.text());
        assertEquals(
                List.of(new Rendering.Span(4, 6), new Rendering.Span(7, 8)),
                rendering.generations());
    }

    @Test
    void theClockIsThatOfTheCaller() {
        Clock clock = Clock.fixed(Instant.parse("2025-03-07T09:05:00Z"), ZoneOffset.UTC);
        assertEquals(
                "07 Mar 2025|Friday, March 7|2025-03-07 09:05 AM",
                Template.compile(
                                "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%A, %B %-d') }}|"
                                        + "{{ strftime_now('%F %I:%M %p') }}")
                        .render(Map.of(), RenderLimits.DEFAULT, clock)
                        .text());
    }

    @Test
    void nullIsNone() {
        Map<String, Object> message = new HashMap<>();
        message.put("content", null);
        assertEquals(
                "None True",
                render("{{ m.content }} {{ m['content'] is none }}", Map.of("m", message)));
        assertEquals("[1, None]", render("{{ l }}", Map.of("l", Arrays.asList(1, null))));
    }

    @Test
    void aRefusalHasTheWordsOfTheTemplate() {
        TemplateException e = failure("{{ raise_exception('Roles must ' ~ 'alternate!') }}");
        assertEquals(Kind.RAISED, e.kind());
        assertEquals("Roles must alternate!", e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '#',
            value = {
                "{{ x.y }} # 'x' is undefined",
                "{{ none.split('a') }} # 'None' has no attribute 'split'",
                "{{ {}.a.b }} # 'dict object' has no attribute 'a'",
                "{{ 'a' + 1 }} # can only concatenate str (not \"int\") to str",
                "{{ 1 + none }} # unsupported operand type(s) for +: 'int' and 'NoneType'",
                "{{ [].append(1) }} # access to attribute 'append' of 'list' object is unsafe.",
                "{{ ''.__class__ }}{{ ''.__class__.x }} # access to attribute '__class__' of 'str'"
                        + " object is unsafe.",
                "{% for x in 3 %}{% endfor %} # 'int' object is not iterable",
            })
    void wrongValuesAreNamed(String template, String message) {
        TemplateException e = failure(template);
        assertEquals(Kind.VALUE, e.kind());
        assertEquals(message, e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "{% include 'x' %} # line 1: Encountered unknown tag 'include'.",
                "{{ x|nothing }} # line 1: No filter named 'nothing'.",
                "{% if x %} # line 1: Unexpected end of template; the innermost block has no endif",
                "{{ 1 + }} # line 1: unexpected end of print statement",
                "{% break %} # line 1: 'break' outside of a loop",
                "{{ 'a # line 1: a string has no end",
            })
    void wrongSourcesAreNamedByLine(String template, String message) {
        TemplateException e =
                assertThrows(TemplateException.class, () -> Template.compile(template));
        assertEquals(Kind.SYNTAX, e.kind());
        assertEquals(message, e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
                "{{ 'a' * 999999999 }}",
                "{{ '%999999d' % 1 ~ 'a' * 99999999 }}",
                "{{ 9 ** (9 ** 9) }}",
                "{{ [0] * 999999999 }}",
                "{{ range(999999999)|length }}",
                "{% set n = namespace(x='aaaaaaaaaa') %}"
                        + "{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}"
                        + "{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x, n.x]"
                        + " %}{% endfor %}{{ n.x }}",
                "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
                "{{ 'a'.replace('', 'b' * 9999999)|replace('b', 'c' * 9999999) }}",
                "{{ ('a' * 9999999).center(2147483647) }}",
            })
    void aHostileTemplateCostsOneError(String template) {
        assertEquals(Kind.LIMIT, failure(template).kind());
    }

    @Test
    void aDeepSourceCostsOneError() {
        for (String source :
                List.of(
                        "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}",
                        "{{ " + "-".repeat(100_000) + "1 }}",
                        "{% if 1 %}".repeat(100_000),
                        "{{ " + "not ".repeat(100_000) + "1 }}")) {
            assertThrows(TemplateException.class, () -> Template.compile(source));
        }
        assertEquals(Kind.LIMIT, failure("{{ 1" + " + 1".repeat(200_000) + " }}").kind());
    }

    @Test
    void namesTellWhatATemplateReads() {
        assertTrue(
                Template.compile("{% macro f(a) %}{{ a ~ enable_thinking }}{% endmacro %}")
                        .names()
                        .contains("enable_thinking"));
    }

    @Test
    void stepsOfTextsCount() {
        RenderLimits few = new RenderLimits(1000, 1 << 20, 10);
        Template template = Template.compile("{{ text.replace('x', 'y') }}");
        assertThrows(
                TemplateException.class,
                () -> template.render(Map.of("text", "a".repeat(100_000)), few, Clock.systemUTC()));
    }
}
