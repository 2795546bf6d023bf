package dev.palimpsest.generate;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tokenizer.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is put before every conversation: a system text, and worked examples as turns of their own.
 *
 * @param system for conversations that have none
 * @param examples turns of user and assistant
 */
public record Prompting(Optional<String> system, List<Message> examples) {
  /** Nothing. */
  public static final Prompting NONE = new Prompting(Optional.empty(), List.of());

  /** The role of a system text. */
  public static final String SYSTEM = "system";

  /** Copies the turns. */
  public Prompting {
    examples = List.copyOf(examples);
  }

  /**
   * What a user asks for.
   *
   * @throws BadInput if the examples cannot be read
   */
  public static Prompting of(Optional<String> system, Optional<Shots> shots) {
    return new Prompting(system, shots.map(Shots::turns).orElse(List.of()));
  }

  /** What the answers depend on; empty for nothing. */
  public String key() {
    if (equals(NONE)) {
      return "";
    }
    StringBuilder all = new StringBuilder(system.map(text -> "system\0" + text).orElse(""));
    examples.forEach(
        turn -> all.append('\0').append(turn.role()).append('\0').append(turn.content()));
    return Sha256.of(all.toString());
  }

  /**
   * A prompt with all that goes before it. An empty text, which a document begins with, stays.
   *
   * @throws BadInput if it is a text to go on from, which has no turns
   */
  public Prompt before(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Raw raw when raw.text().isEmpty() || equals(NONE) -> raw;
      case Prompt.Raw raw ->
          throw new BadInput(
              "a raw prompt takes no system text and no examples: write them into the prompt");
      case Prompt.Chat chat -> before(chat);
    };
  }

  private Prompt before(Prompt.Chat chat) {
    List<Message> own = chat.messages();
    int spoken = own.getFirst().role().equals(SYSTEM) ? 1 : 0;
    List<Message> all = new ArrayList<>(own.subList(0, spoken));
    if (spoken == 0) {
      system.ifPresent(text -> all.add(new Message(SYSTEM, text)));
    }
    all.addAll(examples);
    all.addAll(own.subList(spoken, own.size()));
    return new Prompt.Chat(all);
  }

  /** In words, for a list of what was measured; empty for nothing. */
  public String told() {
    List<String> parts = new ArrayList<>();
    system.ifPresent(_ -> parts.add("a system text"));
    long shown = examples.stream().filter(turn -> turn.role().equals("user")).count();
    if (shown > 0) {
      parts.add(shown == 1 ? "1 example" : shown + " examples");
    }
    return String.join(" and ", parts);
  }

  /** A system that gets every prompt so. */
  public Answerer over(Answerer answerer) {
    return equals(NONE) ? answerer : new Prompted(this, answerer);
  }

  private record Prompted(Prompting prompting, Answerer answerer) implements Answerer {
    @Override
    public List<Answer> answer(List<Prompt> prompts, Decoding decoding) {
      return answerer.answer(prompts.stream().map(prompting::before).toList(), decoding);
    }

    @Override
    public List<Likelihood> logLikelihoods(List<Continuation> continuations) {
      return answerer.logLikelihoods(
          continuations.stream()
              .map(each -> new Continuation(prompting.before(each.prompt()), each.completion()))
              .toList());
    }
  }
}
