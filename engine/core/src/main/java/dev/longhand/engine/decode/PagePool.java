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
 * The pages of a KV cache. Full pages of past sequences are kept while there is room and shared
 * with sequences that begin with the same tokens under the same weights: what a page holds is known
 * by all tokens up to its end and by the identity of base and adapter, never by a name. Used by one
 * thread at a time.
 */
public final class PagePool {
    private final int[] free;
    private final int[] holders;
    private final @Nullable Node[] kept;
    private final LinkedHashSet<Node> idle = new LinkedHashSet<>(); // kept, unheld; oldest first
    private final Map<String, Node> roots = new HashMap<>();
    private int freeCount;

    /** A kept page: its tokens after those of its parent. */
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

    /** The tokens of one full page. */
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

    /** A pool in which every page is free. */
    public PagePool(int pages) {
        free = new int[pages];
        holders = new int[pages];
        kept = new @Nullable Node[pages];
        for (int page = pages - 1; page >= 0; page--) {
            free[freeCount++] = page;
        }
    }

    /** Pages that can be taken, kept ones that nobody holds included. */
    public int available() {
        return freeCount + idle.size();
    }

    /** Takes a page; {@link #available()} must be positive. */
    public int take() {
        if (freeCount == 0) {
            forget(oldest());
        }
        int page = free[--freeCount];
        holders[page] = 1;
        return page;
    }

    private Node oldest() {
        Iterator<Node> nodes = idle.iterator();
        if (!nodes.hasNext()) {
            throw new IllegalStateException("no free KV page; admission must reserve first");
        }
        return nodes.next();
    }

    private void forget(Node node) {
        idle.remove(node);
        kept[node.page] = null;
        free[freeCount++] = node.page;
        Node parent = Objects.requireNonNull(node.parent);
        parent.children.remove(node.tokens, node);
        if (parent.parent == null && parent.children.isEmpty()) {
            roots.values().remove(parent);
        }
    }

    /** Gives a page back. */
    public void giveBack(int page) {
        if (--holders[page] == 0) {
            Node node = kept[page];
            if (node == null) {
                free[freeCount++] = page;
            } else {
                idle.add(node);
            }
        }
    }

    /**
     * Takes kept pages that hold the beginning of a sequence.
     *
     * @param identity of the weights that computed them
     * @param tokens of the sequence
     * @param pagesMax the most to take
     * @param into where their numbers go
     * @return how many there are
     */
    public int share(String identity, int[] tokens, int pagesMax, int[] into) {
        Node node = roots.get(identity);
        for (int i = 0; i < pagesMax; i++) {
            node = node == null ? null : node.children.get(page(tokens, i));
            if (node == null) {
                return i;
            }
            idle.remove(node);
            holders[node.page]++;
            into[i] = node.page;
        }
        return pagesMax;
    }

    /**
     * Keeps the full pages of a sequence for others; they stay held until given back.
     *
     * @param positions how many positions of the sequence are in the cache
     * @param pages its pages
     */
    public void keep(String identity, int[] tokens, int positions, int[] pages) {
        Node node = roots.computeIfAbsent(identity, any -> new Node(null, PageTokens.NONE, -1));
        for (int i = 0; i < positions / KvShape.PAGE_POSITIONS; i++) {
            Node parent = node;
            int page = pages[i];
            node =
                    parent.children.computeIfAbsent(
                            page(tokens, i),
                            key -> kept[page] == null ? keep(parent, key, page) : null);
            if (node == null) {
                return; // the page is kept below a parent that is not in the tree any more
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

    private static PageTokens page(int[] tokens, int index) {
        int size = KvShape.PAGE_POSITIONS;
        return new PageTokens(tokens, index * size, size);
    }
}
