namespace Winnow.Grains.Ports;

/// <summary>
/// A part of this silo that may be wanting while it serves all the same: said at the start and on the health page, and no reason to send
/// requests to another silo or to start the process again.
/// </summary>
public interface IDegradedPart
{
    /// <summary>Which part it is, such as <c>weights</c>.</summary>
    string Name { get; }

    /// <summary>What is wanting and what to do, as a sentence; null when nothing is. Quick, and never throws.</summary>
    string? Check();
}
