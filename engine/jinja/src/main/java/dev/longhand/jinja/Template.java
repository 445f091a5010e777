package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.time.Clock;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compiled template; immutable, and rendered by any number of threads at a time. */
public final class Template {
    /** Limit for the source of a template, in UTF-16 units. */
    public static final int SOURCE_CHARACTERS_MAX = 4 << 20;

    private final String source;
    private final Statement body;
    private final Set<String> names;

    private Template(String source, Statement body, Set<String> names) {
        this.source = source;
        this.body = body;
        this.names = Set.copyOf(names);
    }

    /**
     * Compiles the source of a template.
     *
     * @throws TemplateException if it is not a template of this language
     */
    public static Template compile(String source) {
        if (source.length() > SOURCE_CHARACTERS_MAX) {
            throw TemplateException.limit(
                    "the template has more than " + SOURCE_CHARACTERS_MAX + " characters");
        }
        try {
            Set<String> names = new HashSet<>();
            Statement body = new Parser(new Lexer(source).tokens(), names).parse();
            return new Template(source, body, names);
        } catch (StackOverflowError e) {
            throw TemplateException.limit("the template is nested too deeply");
        }
    }

    /** Returns the source. */
    public String source() {
        return source;
    }

    /** Returns the names of all variables that the template reads or sets. */
    public Set<String> names() {
        return names;
    }

    /** Renders with the default limits and the time of the system's zone. */
    public Rendering render(Map<String, ? extends @Nullable Object> variables) {
        return render(variables, RenderLimits.DEFAULT, Clock.system(ZoneId.systemDefault()));
    }

    /**
     * Renders the template.
     *
     * @param variables values by name: maps with text keys, lists, texts, numbers, booleans, null
     * @param clock time of {@code strftime_now}
     * @throws TemplateException if the template fails or exceeds the limits
     */
    public Rendering render(
            Map<String, ? extends @Nullable Object> variables, RenderLimits limits, Clock clock) {
        RenderState state = new RenderState(limits, clock);
        try {
            Frame globals = new Frame(state, null);
            Globals.define(globals);
            variables.forEach((name, value) -> globals.set(name, Values.of(value)));
            body.execute(new Frame(state, globals));
            return new Rendering(state.output().toString(), List.copyOf(state.generations()));
        } catch (StackOverflowError e) {
            throw TemplateException.limit("the rendering is nested too deeply");
        }
    }
}
