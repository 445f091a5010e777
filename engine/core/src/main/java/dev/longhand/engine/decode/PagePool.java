package dev.longhand.engine.decode;

import dev.longhand.kernels.kvcache.KvShape;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;

/**
 * The pages of a KV cache and the prefix tree over their content. At any time a page is in exactly
 * one state:
 *
 * <ul>
 *   <li><b>free</b>: its content is of no use. {@link #take} makes it held.
 *   <li><b>held</b> by one or more sequences. {@link #share} adds a holder, {@link #giveBack}
 *       removes one. Without its last holder a page becomes idle if {@link #keep} has entered it
 *       into the tree, and free otherwise.
 *   <li><b>idle</b>: in the tree, but not held. {@link #share} makes it held again. If no page is
 *       free, {@link #take} evicts the page that has been idle longest.
 * </ul>
 *
 * <p>The tree identifies the content of a full page by the identity of the weights (base and
 * adapter, never a name) and by all tokens up to the end of the page. Sequences with the same
 * identity and the same first tokens share these pages.
 *
 * <p>There is no separate count of reserved pages: a sequence takes all pages of a declared output
 * when it is admitted; for an undeclared one it takes pages as it grows. Misuse throws {@link
 * IllegalStateException}: a page that is given back without a holder, a page that is kept without a
 * holder, a page taken when none is available, pages held after all sequences have ended, or page
 * counts that do not add up. {@code -ea} adds a check of every page when no sequence runs. Used by
 * one thread at a time.
 */
public final class PagePool {
    private final int[] free; // a stack
    private final int[] holders; // by page
    private final @Nullable Node[] kept; // by page; null if not in the tree
    private final LinkedHashSet<Node> idle = new LinkedHashSet<>(); // idle longest first
    private final Map<String, Node> roots = new HashMap<>();
    private int freeCount;
    private int heldCount;

    /** A page in the tree. */
    private static final class Node {
        private final @Nullable Node parent;
        private final PageTokens tokens;
        private final int page;
        private final Map<PageTokens, Node> children = new HashMap<>();

        Node(@Nullable Node parent, PageTokens tokens, int page) {
            this.parent = parent;
            this.tokens = tokens;
            this.page = page;
        }
    }

    /** The tokens of one full page, as a key. */
    private static final class PageTokens {
        static final PageTokens NONE = new PageTokens(new int[0], 0, 0);

        private final int[] tokens;
        private final int hash;

        PageTokens(int[] all, int from, int count) {
            tokens = Arrays.copyOfRange(all, from, from + count);
            hash = Arrays.hashCode(tokens);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof PageTokens page && Arrays.equals(tokens, page.tokens);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** Creates a pool in which every page is free. */
    public PagePool(int pages) {
        free = new int[pages];
        holders = new int[pages];
        kept = new @Nullable Node[pages];
        for (int page = pages - 1; page >= 0; page--) {
            free[freeCount++] = page;
        }
    }

    /** Returns the number of pages that can be taken: free and idle ones. */
    public int available() {
        return freeCount + idle.size();
    }

    /**
     * Takes a page for one holder.
     *
     * @throws IllegalStateException if no page is {@link #available}
     */
    public int take() {
        if (freeCount == 0) {
            evict(idleLongest());
        }
        int page = free[--freeCount];
        if (holders[page] != 0) {
            throw new IllegalStateException("KV page %d is free, but has a holder".formatted(page));
        }
        hold(page);
        requireBalance();
        return page;
    }

    private void hold(int page) {
        if (holders[page]++ == 0) {
            heldCount++;
        }
    }

    private Node idleLongest() {
        Iterator<Node> nodes = idle.iterator();
        if (!nodes.hasNext()) {
            throw new IllegalStateException("no KV page is available");
        }
        return nodes.next();
    }

    private void evict(Node node) {
        idle.remove(node);
        kept[node.page] = null;
        free[freeCount++] = node.page;
        Node parent = Objects.requireNonNull(node.parent);
        parent.children.remove(node.tokens, node);
        if (parent.parent == null && parent.children.isEmpty()) {
            roots.values().remove(parent);
        }
    }

    /**
     * Removes one holder of a page.
     *
     * @throws IllegalStateException if the page has no holder
     */
    public void giveBack(int page) {
        requireHeld(page, "given back");
        if (--holders[page] == 0) {
            heldCount--;
            Node node = kept[page];
            if (node == null) {
                free[freeCount++] = page;
            } else {
                idle.add(node);
            }
        }
        requireBalance();
    }

    /**
     * Adds a holder to the pages in the tree that contain the first tokens of a sequence.
     *
     * @param identity identity of the weights that computed the pages
     * @param tokens tokens of the sequence
     * @param pagesMax the most pages to share
     * @param into receives the page numbers, from index 0
     * @return the number of pages shared
     */
    public int share(String identity, int[] tokens, int pagesMax, int[] into) {
        Node node = roots.get(identity);
        int shared = 0;
        while (node != null && shared < pagesMax) {
            node = node.children.get(page(tokens, shared));
            if (node != null) {
                idle.remove(node);
                hold(node.page);
                into[shared++] = node.page;
            }
        }
        requireBalance();
        return shared;
    }

    /**
     * Enters the full pages of a sequence into the tree, so that other sequences can share them.
     * Holders stay as they are.
     *
     * @param identity identity of the weights that computed the pages
     * @param tokens tokens of the sequence
     * @param positions number of positions of the sequence that are in the cache
     * @param pages the pages of the sequence, in order
     * @throws IllegalStateException if one of the full pages has no holder
     */
    public void keep(String identity, int[] tokens, int positions, int[] pages) {
        Node node = roots.computeIfAbsent(identity, any -> new Node(null, PageTokens.NONE, -1));
        for (int i = 0; i < positions / KvShape.PAGE_POSITIONS; i++) {
            Node parent = node;
            int page = pages[i];
            requireHeld(page, "kept");
            node =
                    parent.children.computeIfAbsent(
                            page(tokens, i),
                            key -> kept[page] == null ? keep(parent, key, page) : null);
            if (node == null) {
                return; // the page is in the tree already, below an evicted parent
            }
        }
        if (node.parent == null && node.children.isEmpty()) {
            roots.remove(identity);
        }
    }

    private Node keep(Node parent, PageTokens key, int page) {
        Node node = new Node(parent, key, page);
        kept[page] = node;
        return node;
    }

    /**
     * Requires that no page is held. To be called when no sequence runs.
     *
     * @throws IllegalStateException if a page is held
     */
    public void requireNoneHeld() {
        if (heldCount != 0) {
            throw new IllegalStateException(
                    "%d KV pages are held, but no sequence runs".formatted(heldCount));
        }
        assert everyPageHasOneState();
    }

    private void requireHeld(int page, String action) {
        if (holders[page] == 0) {
            throw new IllegalStateException(
                    "KV page %d is %s, but has no holder".formatted(page, action));
        }
    }

    private void requireBalance() {
        if (freeCount + idle.size() + heldCount != holders.length) {
            throw new IllegalStateException(
                    "%d KV pages are free, %d idle and %d held, of %d in all"
                            .formatted(freeCount, idle.size(), heldCount, holders.length));
        }
    }

    /** Whether each page is free, held or idle, and only one of these. */
    private boolean everyPageHasOneState() {
        int[] states = new int[holders.length];
        for (int i = 0; i < freeCount; i++) {
            states[free[i]]++;
        }
        for (Node node : idle) {
            states[node.page] += kept[node.page] == node ? 1 : 2;
        }
        for (int page = 0; page < states.length; page++) {
            states[page] += holders[page] > 0 ? 1 : 0;
        }
        return Arrays.stream(states).allMatch(count -> count == 1);
    }

    private static PageTokens page(int[] tokens, int index) {
        int size = KvShape.PAGE_POSITIONS;
        return new PageTokens(tokens, index * size, size);
    }
}
