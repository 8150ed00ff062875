namespace Winnow.Abstractions.Health;

/// <summary>
/// A store has no room left. Nothing of the call was acknowledged and nothing that was is lost; the same call succeeds once a person has
/// made room, and no sooner. The message names the store and no path or server, since callers read it. At the front door it becomes 507.
/// </summary>
[GenerateSerializer, Alias("winnow.storage-full")]
public sealed class StorageFullException : IOException
{
    private const string WhatToDo =
        "so nothing more can be stored. What was acknowledged is safe. Free some space there, then repeat the call "
        + "with the same operation id: what is stored already is not stored twice.";

    /// <param name="store">The store, such as <c>The disk of the ledger</c>.</param>
    /// <param name="inner">What the store said.</param>
    public static StorageFullException Of(string store, Exception inner) => new($"{store} is full, {WhatToDo}", inner);

    public StorageFullException(string message) : base(message) { }

    public StorageFullException(string message, Exception inner) : base(message, inner) { }

    /// <summary>The one that lies beneath an exception, however often it was wrapped on its way; null when none does.</summary>
    public static StorageFullException? Beneath(Exception? problem) => problem switch
    {
        null => null,
        StorageFullException full => full,
        AggregateException several => several.InnerExceptions.Select(Beneath).FirstOrDefault(full => full is not null),
        _ => Beneath(problem.InnerException),
    };
}
