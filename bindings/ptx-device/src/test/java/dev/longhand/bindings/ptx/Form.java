package dev.longhand.bindings.ptx;

import java.util.List;

/**
 * One form of an instruction with what it should do. In the statement the results are %d0, %d1 ..,
 * the sources %s0, %s1 .., and %m is the mask of the lanes that execute it.
 *
 * @param statement without guard and semicolon
 * @param reference computes the results of a whole warp
 * @param tolerance of the only result; null: exact
 * @param guarded whether it may run in a part of a warp
 * @param before statements that run unguarded in front
 */
record Form(
        String statement,
        List<Type> results,
        List<Type> sources,
        Reference reference,
        Tolerance tolerance,
        boolean guarded,
        String before) {
    /** Results by number and lane, of sources by number and lane. */
    interface Reference {
        void compute(long[][] sources, int mask, long[][] results);
    }

    /** The only result of one lane. */
    interface Lane {
        long compute(long[] sources);
    }

    /** All results of one lane. */
    interface Lanes {
        long[] compute(long[] sources);
    }

    /** The reference then gives the bits of an f64 that the f32 result has to be near to. */
    record Tolerance(double relative, double absolute, boolean flushed) {}

    static Form of(String statement, Type result, List<Type> sources, Lane lane) {
        return of(statement, List.of(result), sources, s -> new long[] {lane.compute(s)});
    }

    static Form of(String statement, List<Type> results, List<Type> sources, Lanes lanes) {
        return new Form(statement, results, sources, byLane(lanes), null, true, "");
    }

    static Form warp(
            String statement, List<Type> results, List<Type> sources, Reference reference) {
        return new Form(statement, results, sources, reference, null, true, "");
    }

    static Form near(String statement, List<Type> sources, Tolerance tolerance, Lane lane) {
        Reference reference = byLane(s -> new long[] {lane.compute(s)});
        return new Form(statement, List.of(Type.F32), sources, reference, tolerance, true, "");
    }

    Form withReference(Reference of) {
        return new Form(statement, results, sources, of, tolerance, guarded, before);
    }

    /** The same, for whole warps only. */
    Form whole() {
        return new Form(statement, results, sources, reference, tolerance, false, before);
    }

    /** With statements that prepare its sources. */
    Form before(String statements) {
        return new Form(statement, results, sources, reference, tolerance, guarded, statements);
    }

    private static Reference byLane(Lanes lanes) {
        return (sources, mask, results) -> {
            for (int lane = 0; lane < 32; lane++) {
                long[] of = new long[sources.length];
                for (int i = 0; i < of.length; i++) {
                    of[i] = sources[i][lane];
                }
                long[] computed = lanes.compute(of);
                for (int i = 0; i < results.length; i++) {
                    results[i][lane] = computed[i];
                }
            }
        };
    }

    /** Whether a result is right. */
    boolean same(int result, long wanted, long got) {
        if (tolerance == null) {
            return results.get(result).same(wanted, got);
        }
        double exact = Double.longBitsToDouble(wanted);
        double actual = Float.intBitsToFloat((int) got);
        if (tolerance.flushed && Math.abs(exact) < Float.MIN_NORMAL && actual == 0) {
            return true;
        }
        double most = Math.abs(exact) * tolerance.relative + tolerance.absolute;
        return Double.isNaN(exact)
                ? Double.isNaN(actual)
                : actual == exact
                        || actual == (float) exact
                        || Math.abs(actual - exact) <= most + Float.MIN_VALUE;
    }
}
