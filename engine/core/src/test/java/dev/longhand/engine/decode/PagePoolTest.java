package dev.longhand.engine.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.kernels.kvcache.KvShape;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** The sharing of pages between sequences: no page is lost or handed out twice. */
class PagePoolTest {
    private static final int SIZE = KvShape.PAGE_POSITIONS;

    private static int[] tokens(int count, int seed) {
        return IntStream.range(0, count).map(i -> 31 * i + seed).toArray();
    }

    private static int[] take(PagePool pool, int count) {
        return IntStream.range(0, count).map(i -> pool.take()).toArray();
    }

    private static void giveBack(PagePool pool, int[] pages) {
        for (int i = pages.length - 1; i >= 0; i--) {
            pool.giveBack(pages[i]);
        }
    }

    @Test
    void aBeginningIsSharedUnderItsIdentityOnly() {
        PagePool pool = new PagePool(8);
        int[] tokens = tokens(3 * SIZE, 1);
        int[] pages = take(pool, 3);
        pool.keep("a", tokens, 3 * SIZE - 1, pages); // the last page is not full
        int[] into = new int[3];
        assertEquals(2, pool.share("a", tokens, 3, into));
        assertEquals(Arrays.toString(new int[] {pages[0], pages[1], 0}), Arrays.toString(into));
        assertEquals(0, pool.share("b", tokens, 3, into));
        tokens[SIZE + 5]++;
        assertEquals(1, pool.share("a", tokens, 3, into));
        tokens[0]++;
        assertEquals(0, pool.share("a", tokens, 3, into));
    }

    @Test
    void keptPagesMakeRoomOldestFirst() {
        PagePool pool = new PagePool(4);
        int[] first = take(pool, 2);
        pool.keep("a", tokens(2 * SIZE, 1), 2 * SIZE, first);
        giveBack(pool, first);
        int[] second = take(pool, 2);
        pool.keep("a", tokens(2 * SIZE, 2), 2 * SIZE, second);
        giveBack(pool, second);
        assertEquals(4, pool.available());
        take(pool, 1); // takes the last page of the first sequence
        int[] into = new int[2];
        assertEquals(1, pool.share("a", tokens(2 * SIZE, 1), 2, into));
        assertEquals(2, pool.share("a", tokens(2 * SIZE, 2), 2, into));
        assertEquals(0, pool.available());
        assertThrows(IllegalStateException.class, pool::take);
    }

    /**
     * Ten thousand random sequences: every holder of a page finds the content that its identity
     * wrote.
     */
    @Test
    void noPageIsLostOrMixedUp() {
        int pages = 24;
        PagePool pool = new PagePool(pages);
        Random random = new Random(7);
        Map<Integer, String> written = new HashMap<>(); // page → its content
        List<int[]> held = new ArrayList<>();
        int hits = 0;
        for (int i = 0; i < 10_000; i++) {
            if (held.size() == 4 || (!held.isEmpty() && pool.available() < 6)) {
                giveBack(pool, held.remove(random.nextInt(held.size())));
                continue;
            }
            String identity = random.nextBoolean() ? "a" : "b";
            int[] tokens = tokens(SIZE * (1 + random.nextInt(6)), random.nextInt(3));
            int[] own = new int[tokens.length / SIZE];
            int shared = pool.share(identity, tokens, own.length, own);
            hits += shared;
            for (int page = 0; page < own.length; page++) {
                String content =
                        identity + Arrays.hashCode(Arrays.copyOf(tokens, (page + 1) * SIZE));
                if (page < shared) {
                    assertEquals(content, written.get(own[page]));
                } else {
                    own[page] = pool.take();
                    written.put(own[page], content);
                }
            }
            pool.keep(identity, tokens, tokens.length, own);
            held.add(own);
        }
        assertTrue(hits > 1000, "hits: " + hits);
        assertThrows(IllegalStateException.class, pool::requireNoneHeld);
        held.forEach(own -> giveBack(pool, own));
        pool.requireNoneHeld();
        assertEquals(pages, pool.available());
        assertEquals(pages, Arrays.stream(take(pool, pages)).distinct().count());
    }

    private static void assertRefused(String message, Executable action) {
        String actual = assertThrows(IllegalStateException.class, action).getMessage();
        assertTrue(actual.contains(message), actual);
    }

    @Test
    void aPageIsGivenBackOncePerHolder() {
        PagePool pool = new PagePool(2);
        int[] pages = take(pool, 1);
        pool.keep("a", tokens(SIZE, 1), SIZE, pages);
        assertEquals(1, pool.share("a", tokens(SIZE, 1), 1, new int[1]));
        pool.giveBack(pages[0]);
        assertRefused("1 KV pages are held", pool::requireNoneHeld);
        pool.giveBack(pages[0]);
        pool.requireNoneHeld();
        assertRefused("given back, but has no holder", () -> pool.giveBack(pages[0]));
        int other = take(pool, 1)[0];
        pool.giveBack(other);
        assertRefused("given back, but has no holder", () -> pool.giveBack(other));
        pool.requireNoneHeld();
    }

    @Test
    void onlyHeldPagesAreKept() {
        PagePool pool = new PagePool(2);
        int[] pages = take(pool, 2);
        pool.giveBack(pages[1]);
        assertRefused(
                "kept, but has no holder",
                () -> pool.keep("a", tokens(2 * SIZE, 1), 2 * SIZE, pages));
    }

    /** No sequence of calls breaks the counts, so the test breaks them. */
    @ParameterizedTest
    @ValueSource(strings = {"freeCount", "heldCount"})
    void pageCountsAddUp(String counter) throws ReflectiveOperationException {
        PagePool pool = new PagePool(4);
        int page = pool.take();
        Field field = PagePool.class.getDeclaredField(counter);
        field.setAccessible(true);
        field.setInt(pool, field.getInt(pool) - 1);
        String counts = counter.equals("freeCount") ? "2 KV pages are free" : "0 held";
        assertRefused(counts, () -> pool.share("a", new int[SIZE], 1, new int[1]));
        assertRefused("of 4 in all", () -> pool.giveBack(page));
        assertRefused("of 4 in all", pool::take);
    }

    @Test
    void aPageIsFreeOnce() throws ReflectiveOperationException {
        PagePool pool = new PagePool(4);
        Field field = PagePool.class.getDeclaredField("free");
        field.setAccessible(true);
        int[] free = (int[]) field.get(pool);
        free[1] = free[0];
        assertThrows(AssertionError.class, pool::requireNoneHeld);
        take(pool, 3);
        assertRefused("is free, but has a holder", pool::take);
    }
}
