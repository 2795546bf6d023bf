package dev.palimpsest.measure;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The fields of one line of a probe file, and which item they make. */
record ItemFields(ObjectNode object, String where) {
  ProbeItem item(String line, Optional<String> system, ProbeReader.Prompts prompts) {
    String id = id().orElse(line);
    Optional<String> slice = text("slice");
    Optional<String> text = text("text");
    if (text.isPresent()) {
      refuseBeside("text", "prompt", "completion", "messages", "choices", "answer", "metric");
      if (text.get().isEmpty()) {
        throw new BadInput(where + ": text is empty");
      }
      return new ProbeItem.Read(id, slice, text.get());
    }
    Question question = question(system, prompts);
    if (!object.path("choices").isMissingNode()) {
      refuseBeside("choices", "metric");
      List<String> choices = choices();
      return new ProbeItem.Choose(
          id, slice, question.prompt(), choices, answer(choices, question.completion()));
    }
    refuseBeside("no choices", "answer");
    String completion =
        question
            .completion()
            .orElseThrow(() -> new BadInput(where + ": prompt without completion or choices"));
    JsonNode metric = object.path("metric");
    return new ProbeItem.Ask(
        id,
        slice,
        question.prompt(),
        completion,
        metric.isMissingNode() ? Metric.EXACT : Metric.parse(metric, where));
  }

  private record Question(Prompt prompt, Optional<String> completion) {}

  private Question question(Optional<String> system, ProbeReader.Prompts prompts) {
    Optional<String> prompt = text("prompt");
    Optional<String> completion = text("completion");
    if (object.path("messages").isMissingNode()) {
      String user =
          prompt.orElseThrow(
              () ->
                  new BadInput(
                      where + ": neither prompt, messages nor text; --map names other columns"));
      return new Question(
          prompts == ProbeReader.Prompts.RAW
              ? new Prompt.Raw(user)
              : chat(List.of(new Message("user", user)), system),
          completion);
    }
    refuseBeside("messages", "prompt");
    List<Message> messages = messages();
    Message last = messages.getLast();
    if (!last.role().equals("assistant")) {
      return new Question(chat(messages, system), completion);
    }
    if (completion.isPresent()) {
      throw new BadInput(where + ": completion beside messages that end with the assistant's turn");
    }
    if (messages.size() == 1) {
      throw new BadInput(where + ": messages hold nothing before the assistant's turn");
    }
    return new Question(
        chat(messages.subList(0, messages.size() - 1), system), Optional.of(last.content()));
  }

  private static Prompt chat(List<Message> messages, Optional<String> system) {
    List<Message> all = new ArrayList<>(messages);
    if (system.isPresent() && !all.getFirst().role().equals("system")) {
      all.addFirst(new Message("system", system.get()));
    }
    return new Prompt.Chat(all);
  }

  private List<Message> messages() {
    JsonNode array = object.get("messages");
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : array) {
      JsonNode role = message.path("role");
      JsonNode content = message.path("content");
      if (!role.isString() || !content.isString()) {
        throw new BadInput(
            where + ": messages[" + messages.size() + "]: expected role and content, both texts");
      }
      messages.add(new Message(role.asString(), content.asString()));
    }
    if (!array.isArray() || messages.isEmpty()) {
      throw new BadInput(where + ": messages: expected a list of role and content");
    }
    return messages;
  }

  private List<String> choices() {
    JsonNode array = object.get("choices");
    List<String> choices = new ArrayList<>();
    for (JsonNode choice : array) {
      if (!choice.isString() || choice.asString().isEmpty()) {
        throw new BadInput(where + ": choices[" + choices.size() + "]: expected a text");
      }
      choices.add(choice.asString());
    }
    if (!array.isArray() || choices.size() < 2) {
      throw new BadInput(where + ": choices: expected a list of two texts or more");
    }
    if (new HashSet<>(choices).size() < choices.size()) {
      throw new BadInput(where + ": choices: the same text stands there twice");
    }
    return choices;
  }

  private int answer(List<String> choices, Optional<String> completion) {
    int named = completion.map(choices::indexOf).orElse(-1);
    if (completion.isPresent() && named < 0) {
      throw new BadInput(where + ": completion is none of the choices: " + completion.get());
    }
    JsonNode node = object.path("answer");
    if (node.isMissingNode()) {
      if (named < 0) {
        throw new BadInput(where + ": choices without completion or answer");
      }
      return named;
    }
    if (!node.isInt() || node.asInt() < 0 || node.asInt() >= choices.size()) {
      throw new BadInput(
          where + ": answer is " + node + "; expected an index from 0 to " + (choices.size() - 1));
    }
    if (named >= 0 && named != node.asInt()) {
      throw new BadInput(where + ": answer is " + node + ", but completion is choice " + named);
    }
    return node.asInt();
  }

  /** What the item is about. */
  Optional<String> document() {
    return text("document");
  }

  /** Its own name; harness items have theirs elsewhere. */
  Optional<String> id() {
    JsonNode node = object.path("id");
    return node.isIntegralNumber() ? Optional.of(node.asString()) : text("id");
  }

  private Optional<String> text(String field) {
    JsonNode node = object.path(field);
    if (node.isMissingNode()) {
      return Optional.empty();
    }
    if (!node.isString()) {
      throw new BadInput(where + ": " + field + " is " + node.getNodeType() + "; expected a text");
    }
    return Optional.of(node.asString());
  }

  private void refuseBeside(String what, String... fields) {
    for (String field : fields) {
      if (!object.path(field).isMissingNode()) {
        throw new BadInput(where + ": " + field + " beside " + what);
      }
    }
  }
}
