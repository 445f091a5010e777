package dev.longhand.study.expression;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The second opinion of Symja, a computer-algebra library, where it is on the class path. Symja is
 * under LGPL-3, so it is neither a dependency nor in our jar, and is called by name. Each question
 * has a limit of time; a verdict that depends on Symja may therefore depend on the machine.
 */
final class ComputerAlgebra {
    private static final String EVALUATOR = "org.matheclipse.core.eval.ExprEvaluator";
    private static final String METHOD = "evaluateWithTimeout";
    private static final long SECONDS_MAX = 1;
    private static final int NODES_MAX = 500; // deeper ones would end the stack
    private static final short HISTORY = 8; // Symja writes each answer into it

    private static final @Nullable ComputerAlgebra FOUND = find();

    private final Object evaluator;
    private final Method evaluate;

    private ComputerAlgebra(Object evaluator, Method evaluate) {
        this.evaluator = evaluator;
        this.evaluate = evaluate;
    }

    private static @Nullable ComputerAlgebra find() {
        try {
            Class<?> type = Class.forName(EVALUATOR);
            Method method =
                    Arrays.stream(type.getMethods())
                            .filter(each -> each.getName().equals(METHOD))
                            .findFirst()
                            .orElseThrow(() -> new NoSuchMethodException(METHOD));
            return new ComputerAlgebra(
                    type.getConstructor(boolean.class, short.class).newInstance(false, HISTORY),
                    method);
        } catch (ReflectiveOperationException | LinkageError e) {
            return null; // it is not there, or another version
        }
    }

    /** Whether Symja is there. */
    static boolean isPresent() {
        return FOUND != null;
    }

    /** Whether Symja finds that the sides of two relations with the same signs are equal. */
    static boolean equal(Relation a, Relation b) {
        if (FOUND == null || !a.signs().equals(b.signs())) {
            return false;
        }
        AlgebraText text = new AlgebraText();
        if (nodes(a) > NODES_MAX || nodes(b) > NODES_MAX) {
            return false;
        }
        List<Expression> left = a.sides();
        List<Expression> right = b.sides();
        for (int i = 0; i < left.size(); i++) {
            String difference = text.of(left.get(i)) + "-" + text.of(right.get(i));
            if (!FOUND.isTrue("Simplify[" + difference + "]===0")) {
                return false;
            }
        }
        return true;
    }

    private static int nodes(Relation relation) {
        Deque<Expression> waiting = new ArrayDeque<>(relation.sides());
        int count = 0;
        while (!waiting.isEmpty()) {
            waiting.pop().parts().forEach(waiting::push);
            count++;
        }
        return count;
    }

    /** One thread at a time: an evaluator keeps the state of its question. */
    private synchronized boolean isTrue(String question) {
        try {
            Object answer =
                    evaluate.invoke(evaluator, question, SECONDS_MAX, TimeUnit.SECONDS, true, null);
            return String.valueOf(answer).equals("True");
        } catch (ReflectiveOperationException e) {
            return false; // Symja has failed at it
        }
    }
}
