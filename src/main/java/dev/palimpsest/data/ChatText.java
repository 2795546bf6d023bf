package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Encoding;
import dev.palimpsest.tokenizer.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Conversations as a chat template writes them, and where the answers stand in that text.
 *
 * <p>A template is a program, so an answer is found by rendering, not by markers: the text of the
 * turns before it, asked for a reply, must begin the text that includes it, and that must begin the
 * whole. A template that breaks this (one that drops earlier reasoning, say) would train on a text
 * that the model never sees when it answers, and is refused.
 */
final class ChatText {
  private static final String PLACEHOLDER = "\uE000";

  private final Template template;
  private final Codec codec;
  private final Optional<String> system;
  private final Closing usual;

  /**
   * What follows an answer's content.
   *
   * @param text all that the template prints
   * @param kept how many chars of it belong to the answer: up to the end-of-turn token
   */
  private record Closing(String text, int kept) {}

  ChatText(Template template, Codec codec, Optional<String> system) {
    this.template = template;
    this.codec = codec;
    this.system = system;
    this.usual =
        closing(List.of(Turn.of(Turn.USER, "?"), Turn.of(Turn.ASSISTANT, PLACEHOLDER)), "template");
  }

  /** The end-of-turn token as the template writes it; empty if it writes none. */
  Optional<String> endOfTurn() {
    String kept = usual.text().substring(0, usual.kept());
    return kept.isEmpty() ? Optional.empty() : Optional.of(kept.strip());
  }

  /**
   * The text up to where the assistant's last turn begins (its next one, if it does not end so).
   */
  String forReply(Sample.Chat chat) {
    List<Turn> turns = withSystem(chat.turns());
    int last = turns.size() - 1;
    return renderForReply(turns.get(last).answers() ? turns.subList(0, last) : turns, chat.id());
  }

  /** The text to the end of the last answer, every answer that is to be trained marked. */
  Marked trained(Sample.Chat chat) {
    List<Turn> turns = withSystem(chat.turns());
    List<Integer> wanted = new ArrayList<>();
    for (int k = 0; k < turns.size(); k++) {
      if (turns.get(k).train()) {
        wanted.add(k);
      }
    }
    return mark(turns, wanted, chat.id());
  }

  /** The text to the end of the last answer, that answer marked. */
  Marked last(Sample.Chat chat) {
    List<Turn> turns = withSystem(chat.turns());
    return mark(turns, List.of(lastAnswer(turns, chat.id())), chat.id());
  }

  /** The system prompt that the template writes where a conversation has none. */
  Optional<String> ownSystem() {
    List<Turn> ask = List.of(Turn.of(Turn.USER, PLACEHOLDER));
    List<Turn> told = List.of(Turn.of(Turn.USER, "?"), Turn.of(Turn.ASSISTANT, "!"));
    List<Turn> again = new ArrayList<>(told);
    again.addAll(ask);
    String head = before(render(ask, "template"));
    String first = render(told, "template");
    String both = before(render(again, "template"));
    if (!both.startsWith(first) || !head.endsWith(both.substring(first.length()))) {
      return Optional.empty();
    }
    String added = head.substring(0, head.length() - (both.length() - first.length()));
    Encoding tokens = codec.encode(added);
    int from = 0;
    for (int i = 0; i < tokens.ids().length; i++) {
      int to = tokens.ends()[i];
      if (!codec.isSpecial(tokens.ids()[i]) && !added.substring(from, to).isBlank()) {
        return Optional.of(added.strip());
      }
      from = to;
    }
    return Optional.empty();
  }

  private static String before(String rendered) {
    int at = rendered.indexOf(PLACEHOLDER);
    return at < 0 ? rendered : rendered.substring(0, at);
  }

  private List<Turn> withSystem(List<Turn> turns) {
    if (system.isEmpty() || turns.get(0).role().equals(Turn.SYSTEM)) {
      return turns;
    }
    List<Turn> all = new ArrayList<>();
    all.add(Turn.of(Turn.SYSTEM, system.get()));
    all.addAll(turns);
    return all;
  }

  private Marked mark(List<Turn> turns, List<Integer> wanted, String id) {
    int last = lastAnswer(turns, id);
    String full = render(turns.subList(0, last + 1), id);
    String text = full.substring(0, answerEnd(turns.subList(0, last + 1), full, id));
    List<Marked.Span> spans = new ArrayList<>();
    for (int k : wanted) {
      List<Turn> upTo = turns.subList(0, k + 1);
      String asked = renderForReply(turns.subList(0, k), id);
      String told = k == last ? full : render(upTo, id);
      if (!told.startsWith(asked)) {
        throw new BadInput(
            "example '"
                + id
                + "': the chat template opens turn "
                + k
                + " otherwise when it asks"
                + " for an answer than when it shows one, so that what is trained is not what is"
                + " asked; give prompt and completion with --raw");
      }
      int end = answerEnd(upTo, told, id);
      if (!text.startsWith(told.substring(0, end))) {
        throw new BadInput(
            "example '"
                + id
                + "': the chat template rewrites turn "
                + k
                + " or what is before it"
                + " once later turns follow (it drops reasoning, for instance); make a row for each"
                + " answer, or mark all but the last with \"train\": false");
      }
      spans.add(new Marked.Span(asked.length(), end));
    }
    return new Marked(text, spans);
  }

  private static int lastAnswer(List<Turn> turns, String id) {
    for (int k = turns.size() - 1; k >= 0; k--) {
      if (turns.get(k).answers()) {
        return k;
      }
    }
    throw new BadInput("example '" + id + "': no assistant turn, so there is no answer");
  }

  /** Where the last turn's answer ends in the text, its end-of-turn token included. */
  private int answerEnd(List<Turn> turns, String told, String id) {
    Closing closing = told.endsWith(usual.text()) ? usual : closing(turns, id);
    if (!told.endsWith(closing.text())) {
      throw new BadInput(
          "example '"
              + id
              + "': the chat template closes an answer by its content, so that its end"
              + " cannot be told; give prompt and completion with --raw");
    }
    return told.length() - closing.text().length() + closing.kept();
  }

  /** What the template prints after the content of the last turn. */
  private Closing closing(List<Turn> turns, String id) {
    List<Turn> placed = new ArrayList<>(turns.subList(0, turns.size() - 1));
    placed.add(Turn.of(Turn.ASSISTANT, PLACEHOLDER));
    String rendered = render(placed, id);
    int at = rendered.lastIndexOf(PLACEHOLDER);
    if (at < 0) {
      throw new BadInput("example '" + id + "': the chat template leaves the answer out");
    }
    String text = rendered.substring(at + PLACEHOLDER.length());
    Encoding tokens = codec.encode(text);
    for (int i = 0; i < tokens.ids().length; i++) {
      if (codec.isSpecial(tokens.ids()[i])) {
        return new Closing(text, tokens.ends()[i]);
      }
    }
    return new Closing(text, 0);
  }

  private String render(List<Turn> turns, String id) {
    try {
      return template.render(messages(turns));
    } catch (IllegalArgumentException e) {
      throw refused(id, e);
    }
  }

  private String renderForReply(List<Turn> turns, String id) {
    try {
      return template.renderForReply(messages(turns));
    } catch (IllegalArgumentException e) {
      throw refused(id, e);
    }
  }

  private static BadInput refused(String id, IllegalArgumentException e) {
    return new BadInput("example '" + id + "': the chat template refuses it: " + e.getMessage(), e);
  }

  private static List<Message> messages(List<Turn> turns) {
    List<Message> messages = new ArrayList<>(turns.size());
    for (Turn turn : turns) {
      messages.add(new Message(turn.role(), turn.content()));
    }
    return messages;
  }
}
