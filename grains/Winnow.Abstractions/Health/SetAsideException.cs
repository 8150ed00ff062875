namespace Winnow.Abstractions.Health;

/// <summary>
/// What is stored cannot be read, or says what cannot be. It is set aside: nothing that needs it is done until somebody has mended or
/// removed it, and everything else goes on. At the front door it becomes 409, since no repetition helps.
/// </summary>
[GenerateSerializer, Alias("winnow.set-aside")]
public sealed class SetAsideException : Exception
{
    public SetAsideException(string message) : base(message) { }

    public SetAsideException(string message, Exception inner) : base(message, inner) { }
}
