package dev.palimpsest.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Recognises the special tokens of a GGUF vocabulary in a text and leaves the rest to a segmenter,
 * in llama.cpp's order ({@code llama-vocab.cpp}, {@code tokenizer_st_partition}): the longest token
 * is looked for in the whole text first, then the next in what is left.
 */
final class SpecialTokens implements Segmenter {
  private record Special(int id, String text) {}

  /** A stretch of the text: a special token, or plain text where {@code special} is negative. */
  private record Piece(int start, int end, int special) {
    boolean plain() {
      return special < 0;
    }
  }

  /** Texts of special tokens, char by char. */
  private static final class Node {
    private final Map<Character, Node> next = new HashMap<>();
    private int rank = -1;
  }

  private final List<Special> longestFirst = new ArrayList<>();
  private final Node root = new Node();
  private final Segmenter rest;

  /**
   * Builds the table of special tokens.
   *
   * @param ids of the special tokens in the vocabulary
   * @param rest takes what lies between them
   */
  SpecialTokens(Vocabulary vocabulary, List<Integer> ids, Segmenter rest) {
    this.rest = rest;
    for (int id : ids) {
      longestFirst.add(new Special(id, vocabulary.text(id)));
    }
    longestFirst.sort(Comparator.comparingInt((Special s) -> -vocabulary.bytes(s.id).length));
    for (int rank = 0; rank < longestFirst.size(); rank++) {
      Node node = root;
      String text = longestFirst.get(rank).text;
      for (int i = 0; i < text.length(); i++) {
        node = node.next.computeIfAbsent(text.charAt(i), c -> new Node());
      }
      node.rank = rank;
    }
  }

  @Override
  public int[] ids(String text) {
    Ints ids = new Ints();
    for (Piece piece : pieces(text)) {
      if (piece.plain()) {
        ids.addAll(rest.ids(text.substring(piece.start, piece.end)));
      } else {
        ids.add(piece.special);
      }
    }
    return ids.toArray();
  }

  @Override
  public Encoding encode(String text) {
    Ints ids = new Ints();
    Ints ends = new Ints();
    for (Piece piece : pieces(text)) {
      if (piece.plain()) {
        Encoding inner = rest.encode(text.substring(piece.start, piece.end));
        ids.addAll(inner.ids());
        for (int end : inner.ends()) {
          ends.add(piece.start + end);
        }
      } else {
        ids.add(piece.special);
        ends.add(piece.end);
      }
    }
    return new Encoding(ids.toArray(), ends.toArray());
  }

  private List<Piece> pieces(String text) {
    List<Piece> pieces = text.isEmpty() ? List.of() : List.of(new Piece(0, text.length(), -1));
    // by rank; only tokens that occur somewhere are looked for piece by piece
    for (int rank : occurring(text)) {
      Special special = longestFirst.get(rank);
      List<Piece> split = new ArrayList<>();
      for (Piece piece : pieces) {
        if (piece.plain()) {
          split(text, piece, special, split);
        } else {
          split.add(piece);
        }
      }
      pieces = split;
    }
    return pieces;
  }

  private static void split(String text, Piece piece, Special special, List<Piece> out) {
    int start = piece.start;
    while (true) {
      int found = text.indexOf(special.text, start, piece.end);
      if (found < 0) {
        break;
      }
      if (found > start) {
        out.add(new Piece(start, found, -1));
      }
      start = found + special.text.length();
      out.add(new Piece(found, start, special.id));
    }
    if (start < piece.end) {
      out.add(new Piece(start, piece.end, -1));
    }
  }

  private SortedSet<Integer> occurring(String text) {
    SortedSet<Integer> ranks = new TreeSet<>();
    for (int start = 0; start < text.length(); start++) {
      Node node = root.next.get(text.charAt(start));
      for (int i = start + 1; node != null; i++) {
        if (node.rank >= 0) {
          ranks.add(node.rank);
        }
        node = i < text.length() ? node.next.get(text.charAt(i)) : null;
      }
    }
    return ranks;
  }
}
