package dev.longhand.bindings.ptx;

import static dev.longhand.bindings.ptx.Type.B32;
import static dev.longhand.bindings.ptx.Type.B64;
import static dev.longhand.bindings.ptx.Type.P;
import static dev.longhand.bindings.ptx.Type.S32;
import static dev.longhand.bindings.ptx.Type.SHIFT;
import static dev.longhand.bindings.ptx.Type.U32;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;

/** What the lanes of a warp do together. */
final class WarpForms {
    private final List<Form> forms = new ArrayList<>();

    private WarpForms() {}

    static Stream<Form> all() {
        WarpForms made = new WarpForms();
        for (String mode : List.of("up", "down", "bfly", "idx")) {
            made.shuffle(mode);
            for (int bound : new int[] {0, 31, 0x1f, 0x181f, 0x1c03, 0x1800}) {
                made.shuffle(mode, bound);
            }
        }
        made.votes();
        made.matches();
        made.reductions();
        made.forms.add(Form.warp("bar.warp.sync %m", List.of(), List.of(), (s, mask, d) -> {}));
        return made.forms.stream();
    }

    /**
     * The lane that a lane reads, or -1: its own, as the other is out of range. By the ISA's text.
     */
    private static int source(String mode, int lane, int b, int c) {
        int segment = c >> 8 & 31;
        int first = lane & segment;
        int last = first | c & 31 & ~segment;
        int from =
                switch (mode) {
                    case "up" -> lane - (b & 31);
                    case "down" -> lane + (b & 31);
                    case "bfly" -> lane ^ b & 31;
                    default -> first | b & 31 & ~segment;
                };
        boolean inside = mode.equals("up") ? from >= last : from <= last;
        return inside ? from : -1;
    }

    private void shuffle(String mode) {
        String rest = ", %s0, %s1, %s2, %m";
        List<Type> sources = List.of(B32, SHIFT, SHIFT);
        forms.add(
                Form.warp(
                        "shfl.sync." + mode + ".b32 %d0|%d1" + rest,
                        List.of(B32, P),
                        sources,
                        (s, mask, d) -> shuffled(mode, s, d)));
        forms.add(
                Form.warp(
                        "shfl.sync." + mode + ".b32 %d0" + rest,
                        List.of(B32),
                        sources,
                        (s, mask, d) -> shuffled(mode, s, new long[][] {d[0], new long[32]})));
    }

    private static void shuffled(String mode, long[][] s, long[][] d) {
        for (int lane = 0; lane < 32; lane++) {
            int from = source(mode, lane, (int) s[1][lane], (int) s[2][lane]);
            d[0][lane] = s[0][from < 0 ? lane : from];
            d[1][lane] = from < 0 ? 0 : 1;
        }
    }

    private void shuffle(String mode, int bound) {
        forms.add(
                Form.warp(
                                "shfl.sync.%s.b32 %%d0, %%s0, 3, %d, -1".formatted(mode, bound),
                                List.of(B32),
                                List.of(B32),
                                (s, mask, d) -> {
                                    for (int lane = 0; lane < 32; lane++) {
                                        int from = source(mode, lane, 3, bound);
                                        d[0][lane] = s[0][from < 0 ? lane : from];
                                    }
                                })
                        .whole());
    }

    private static int ballot(long[] predicate, int mask) {
        int yes = 0;
        for (int lane = 0; lane < 32; lane++) {
            yes |= (int) predicate[lane] << lane;
        }
        return yes & mask;
    }

    private interface Answer {
        long of(int yes, int mask);
    }

    private void vote(String mode, Type result, Answer answer) {
        String type = result == P ? "pred" : "b32";
        for (int not = 0; not < 2; not++) {
            int flip = -not;
            forms.add(
                    Form.warp(
                            "vote.sync.%s.%s %%d0, %s%%s0, %%m"
                                    .formatted(mode, type, not == 1 ? "!" : ""),
                            List.of(result),
                            List.of(P),
                            (s, mask, d) -> {
                                int yes = (ballot(s[0], -1) ^ flip) & mask;
                                Arrays.fill(d[0], answer.of(yes, mask));
                            }));
        }
    }

    private void votes() {
        vote("all", P, (yes, mask) -> yes == mask ? 1 : 0);
        vote("any", P, (yes, mask) -> yes != 0 ? 1 : 0);
        vote("uni", P, (yes, mask) -> yes == 0 || yes == mask ? 1 : 0);
        vote("ballot", B32, (yes, mask) -> Integer.toUnsignedLong(yes));
    }

    private void matches() {
        for (Type type : List.of(B32, B64)) {
            // few values, so that some are equal: the low bits of the source
            String some = "and.%1$s %%s0, %%s0, %2$s; ".formatted(type.ptx(), "3");
            forms.add(
                    Form.warp(
                            "match.any.sync." + type.ptx() + " %d0, %s0, %m",
                            List.of(B32),
                            List.of(type),
                            (s, mask, d) -> {
                                for (int lane = 0; lane < 32; lane++) {
                                    d[0][lane] = Integer.toUnsignedLong(equal(s[0], lane) & mask);
                                }
                            }));
            forms.add(
                    Form.warp(
                            "match.all.sync." + type.ptx() + " %d0|%d1, %s0, %m",
                            List.of(B32, P),
                            List.of(type),
                            WarpForms::allEqual));
            forms.add(
                    Form.warp(
                                    "match.all.sync." + type.ptx() + " %d0|%d1, %s0, %m",
                                    List.of(B32, P),
                                    List.of(type),
                                    WarpForms::allEqual)
                            .before(some)
                            .withReference((s, mask, d) -> allEqual(low(s), mask, d)));
            forms.add(
                    Form.warp(
                                    "match.any.sync." + type.ptx() + " %d0, %s0, %m",
                                    List.of(B32),
                                    List.of(type),
                                    (s, mask, d) -> {
                                        for (int lane = 0; lane < 32; lane++) {
                                            d[0][lane] =
                                                    Integer.toUnsignedLong(
                                                            equal(low(s)[0], lane) & mask);
                                        }
                                    })
                            .before(some));
        }
    }

    private static long[][] low(long[][] s) {
        return new long[][] {Arrays.stream(s[0]).map(value -> value & 3).toArray()};
    }

    private static int equal(long[] values, int lane) {
        int mask = 0;
        for (int other = 0; other < 32; other++) {
            mask |= values[other] == values[lane] ? 1 << other : 0;
        }
        return mask;
    }

    private static void allEqual(long[][] s, int mask, long[][] d) {
        boolean all = (equal(s[0], Integer.numberOfTrailingZeros(mask)) & mask) == mask;
        Arrays.fill(d[0], all ? Integer.toUnsignedLong(mask) : 0);
        Arrays.fill(d[1], all ? 1 : 0);
    }

    private void reductions() {
        for (Type type : List.of(S32, U32)) {
            reduce("add." + type.ptx(), type, (a, b) -> a + b);
            reduce("min." + type.ptx(), type, Math::min);
            reduce("max." + type.ptx(), type, Math::max);
        }
        reduce("and.b32", B32, (a, b) -> a & b);
        reduce("or.b32", B32, (a, b) -> a | b);
        reduce("xor.b32", B32, (a, b) -> a ^ b);
    }

    private void reduce(String name, Type type, LongBinaryOperator operation) {
        forms.add(
                Form.warp(
                        "redux.sync." + name + " %d0, %s0, %m",
                        List.of(type),
                        List.of(type),
                        (s, mask, d) -> {
                            int first = Integer.numberOfTrailingZeros(mask);
                            long sum = type.value(s[0][first]);
                            for (int lane = first + 1; lane < 32; lane++) {
                                if ((mask >>> lane & 1) != 0) {
                                    sum = operation.applyAsLong(sum, type.value(s[0][lane]));
                                }
                            }
                            Arrays.fill(d[0], type.fit(sum));
                        }));
    }
}
